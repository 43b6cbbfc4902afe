# shellcheck shell=bash
# peers_environment, for benches whose peer is a Python package. Expects the project root as the
# current folder.

# Makes a virtual environment with the requirements (those of the benches), or takes the one that
# is there if it was made with the same.
peers_environment() { # FOLDER [REQUIREMENTS]
    local folder=$1 wanted=${2:-bench/peers/requirements.txt}
    if cmp -s "$wanted" "$folder/requirements.txt"; then return 0; fi
    rm -rf "$folder"
    if ! python3 -m venv "$folder"; then
        echo "bench: python3 cannot make a virtual environment (Debian: python3-venv)" >&2
        return 1
    fi
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \
        --require-hashes --only-binary=:all: -r "$wanted"
    cp "$wanted" "$folder/requirements.txt" # last: an interrupted one is made again
}
