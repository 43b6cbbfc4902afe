# volteo_flags: what every file of ours is compiled with.
#
# Floating point is what the source says: no contraction into fused multiply-adds, no fast-math,
# so that the same inputs give the same bits with either compiler. Asserts are out in Release only.
include_guard()

add_library(volteo_flags INTERFACE)
target_include_directories(volteo_flags INTERFACE "${PROJECT_SOURCE_DIR}/include"
                                                  "${PROJECT_SOURCE_DIR}/src")
target_compile_definitions(volteo_flags INTERFACE _POSIX_C_SOURCE=200809L)
target_compile_options(volteo_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wdouble-promotion -Wstrict-prototypes
    -Wmissing-prototypes -Wvla -Wformat=2 -Wwrite-strings -Wundef -Wcast-qual -Wcast-align
    -Wswitch-enum -Wpointer-arith -Wnull-dereference
    -ffp-contract=off -fno-semantic-interposition)
target_link_options(volteo_flags INTERFACE LINKER:--as-needed) # a test of base loads no DuckDB
if(VOLTEO_WERROR)
    target_compile_options(volteo_flags INTERFACE -Werror)
endif()

set(CMAKE_C_FLAGS_DEBUG "-O1 -g3")
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")
set(CMAKE_C_FLAGS_RELEASE "-O3 -DNDEBUG")

# -Wnull-dereference follows paths that the sanitizers' own checks invent; it stays on in every
# other build.
if(VOLTEO_SANITIZE STREQUAL "address")
    set(sanitizers -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_compile_options(volteo_flags INTERFACE ${sanitizers} -Wno-null-dereference)
    target_link_options(volteo_flags INTERFACE ${sanitizers})
elseif(VOLTEO_SANITIZE STREQUAL "thread")
    target_compile_options(volteo_flags INTERFACE -fsanitize=thread -Wno-null-dereference)
    target_link_options(volteo_flags INTERFACE -fsanitize=thread)
elseif(VOLTEO_SANITIZE)
    message(FATAL_ERROR "VOLTEO_SANITIZE is '${VOLTEO_SANITIZE}': use address or thread")
endif()
if(VOLTEO_COVERAGE)
    target_compile_options(volteo_flags INTERFACE --coverage -fprofile-update=atomic)
    target_link_options(volteo_flags INTERFACE --coverage)
endif()
if(VOLTEO_FUZZ)
    if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
        message(FATAL_ERROR "libFuzzer needs clang: cmake --preset fuzz")
    endif()
    target_compile_options(volteo_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# Release builds compile the array loops twice and pick at start (base/wide.h), where that works.
include(CheckCSourceRuns)
if(NOT VOLTEO_SANITIZE AND NOT VOLTEO_COVERAGE AND NOT VOLTEO_FUZZ)
    check_c_source_runs("
        __attribute__((target_clones(\"avx2\", \"default\"))) static double twice(double x) { return 2 * x; }
        int main(int argc, char **argv) { (void)argv; return twice(argc) > 0 ? 0 : 1; }"
        VOLTEO_TARGET_CLONES)
    if(VOLTEO_TARGET_CLONES)
        target_compile_definitions(volteo_flags INTERFACE $<$<CONFIG:Release>:VO_WIDE_CLONES>)
    endif()
endif()
