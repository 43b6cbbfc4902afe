# Every tests/{unit/<layer>,suite,integration}/test_*.c is a Criterion executable of that name.
#
# A unit test links its own layer and what that layer may use, nothing else; suites and
# integration tests link the whole engine. Shared helpers: tests/support/*.c (header "support/x.h").
# ctest leaves one TAP file per executable in <build>/tap, which script/test counts.
include_guard()
pkg_check_modules(criterion REQUIRED IMPORTED_TARGET criterion)

file(GLOB support CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/support/*.c")
set(volteo_test_support "")
if(support)
    add_library(volteo_test_support STATIC ${support})
    target_link_libraries(volteo_test_support PRIVATE volteo_flags volteo_deps)
    target_include_directories(volteo_test_support PUBLIC "${PROJECT_SOURCE_DIR}/tests")
    target_include_directories(volteo_test_support SYSTEM PRIVATE ${criterion_INCLUDE_DIRS})
    set(volteo_test_support volteo_test_support)
endif()

# Criterion's own runner cannot live under ThreadSanitizer; see fork_runner.c.
set(volteo_runner "")
if(VOLTEO_SANITIZE STREQUAL "thread")
    add_library(volteo_fork_runner OBJECT "${PROJECT_SOURCE_DIR}/cmake/fork_runner.c")
    target_include_directories(volteo_fork_runner SYSTEM PRIVATE ${criterion_INCLUDE_DIRS})
    target_compile_definitions(volteo_fork_runner PRIVATE _POSIX_C_SOURCE=200809L)
    target_compile_options(volteo_fork_runner PRIVATE -Wall -Wextra -Werror -fsanitize=thread)
    set(volteo_runner $<TARGET_OBJECTS:volteo_fork_runner>)
endif()

if(NOT DEFINED ENV{VOLTEO_DATA})
    set(volteo_data "${PROJECT_SOURCE_DIR}/../shared/data")
else()
    set(volteo_data "$ENV{VOLTEO_DATA}")
endif()
# The deadlock detector counts to 64 locks; DuckDB's allocator takes more around a fork.
set(volteo_test_env
    "VOLTEO_DATA=${volteo_data}"
    "ASAN_OPTIONS=halt_on_error=1:abort_on_error=0:detect_stack_use_after_return=1:strict_string_checks=1"
    "LSAN_OPTIONS=print_suppressions=0:suppressions=${PROJECT_SOURCE_DIR}/cmake/lsan.supp"
    "UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1"
    "TSAN_OPTIONS=halt_on_error=1:ignore_noninstrumented_modules=1:detect_deadlocks=0:suppressions=${PROJECT_SOURCE_DIR}/cmake/tsan.supp")
file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/tap")

function(volteo_add_test label source)
    get_filename_component(name "${source}" NAME_WE)
    if(TARGET ${name})
        message(FATAL_ERROR "two tests are called ${name}: rename one")
    endif()
    add_executable(${name} "${source}" ${volteo_runner})
    target_compile_definitions(${name} PRIVATE
        VOLTEO_SOURCE_DIR="${PROJECT_SOURCE_DIR}" VOLTEO_BINARY_DIR="${PROJECT_BINARY_DIR}")
    target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
    target_link_libraries(${name} PRIVATE ${volteo_test_support} ${ARGN} PkgConfig::criterion)
    if(TARGET volteo::cbc AND NOT label STREQUAL "unit")
        target_link_libraries(${name} PRIVATE volteo::cbc)
    endif()
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
    # Under ThreadSanitizer a long suite runs only what is about threads: "..._threads_...".
    set(filter "")
    if(VOLTEO_SANITIZE STREQUAL "thread" AND NOT label STREQUAL "unit")
        set(filter "--filter=*thread*")
    endif()
    add_test(NAME ${name} COMMAND ${name} "--tap=${PROJECT_BINARY_DIR}/tap/${name}.tap" ${filter}
             WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
    file(STRINGS "${source}" threads REGEX "(pthread_|vo_thread|threads)" LIMIT_COUNT 1)
    set(labels ${label})
    set(cost 1) # ctest begins with the dearest, so that no core idles at the end
    if(NOT label STREQUAL "unit")
        set(cost 100)
    endif()
    if(NOT label STREQUAL "unit")
        file(STRINGS "${source}" threads REGEX "^Test\\(.*thread" LIMIT_COUNT 1)
    endif()
    if(threads)
        list(APPEND labels threads)
    endif()
    # Criterion has reported a test as passed before the leak check runs at its process's exit.
    set_tests_properties(${name} PROPERTIES
        LABELS "${labels}" TIMEOUT 400 COST ${cost} ENVIRONMENT "${volteo_test_env}"
        FAIL_REGULAR_EXPRESSION "ERROR: (Leak|Address)Sanitizer;WARNING: ThreadSanitizer;runtime error:")
endfunction()

foreach(layer IN LISTS volteo_layers)
    file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/unit/${layer}/test_*.c")
    foreach(source IN LISTS sources)
        volteo_add_test(unit "${source}" volteo_${layer})
    endforeach()
endforeach()
foreach(label suite integration)
    file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/${label}/test_*.c")
    foreach(source IN LISTS sources)
        volteo_add_test(${label} "${source}" volteo_core)
        if(TARGET volteo)
            get_filename_component(name "${source}" NAME_WE)
            add_dependencies(${name} volteo)
            target_compile_definitions(${name} PRIVATE VOLTEO_PROGRAM="$<TARGET_FILE:volteo>")
        endif()
    endforeach()
endforeach()
