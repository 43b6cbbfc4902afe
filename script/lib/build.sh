# shellcheck shell=bash
# build_quietly, for the scripts that build before they run something. Expects the project root
# as the current folder.

# Configures and builds targets of a preset: one line of progress on a terminal, the log on failure.
build_quietly() { # PRESET TARGET...
    local preset=$1 log=build/$1.log
    shift
    mkdir -p build
    if ! cmake --preset "$preset" >"$log" 2>&1; then
        cat "$log" >&2
        echo "build: cmake --preset $preset failed; the reason is above" >&2
        return 1
    fi
    NINJA_STATUS='%f/%t ' cmake --build "build/$preset" --target "$@" 2>&1 |
        build_progress "$log" || {
        grep -vE '^[0-9]+/[0-9]+ ' "$log" | tail -n 60 >&2
        echo "build: $* did not build; the whole log is $log" >&2
        return 1
    }
}

# Keeps the log and, on a terminal, rewrites one line with ninja's own count.
build_progress() { # LOG
    local line drawn=
    : >"$1"
    while IFS= read -r line; do
        printf '%s\n' "$line" >>"$1"
        if [[ -t 1 && $line =~ ^([0-9]+/[0-9]+)\  ]]; then
            printf '\rbuilding %s\033[K' "${BASH_REMATCH[1]}"
            drawn=1
        fi
    done
    [[ -z $drawn ]] || printf '\r\033[K'
}
