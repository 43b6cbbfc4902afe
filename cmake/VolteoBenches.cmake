# Every bench/<name>.c is the executable bench_<name>; script/bench runs one. A bench may use the
# peers it is measured against: HiGHS always, CBC (VOLTEO_HAVE_CBC) where Debian's package is.
include_guard()
file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/bench/*.c")
foreach(source IN LISTS sources)
    get_filename_component(name "${source}" NAME_WE)
    add_executable(bench_${name} EXCLUDE_FROM_ALL "${source}")
    target_link_libraries(bench_${name} PRIVATE volteo_core)
    # HiGHS's header declares a static function that nobody defines.
    target_compile_options(bench_${name} PRIVATE -Wno-unused-function)
    target_compile_definitions(bench_${name} PRIVATE VOLTEO_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                               VOLTEO_PROGRAM="$<TARGET_FILE:volteo>")
    file(STRINGS "${source}" program REGEX "VOLTEO_PROGRAM" LIMIT_COUNT 1)
    if(program) # it runs the program, which is then built with it
        add_dependencies(bench_${name} volteo)
    endif()
    if(TARGET volteo::cbc)
        target_link_libraries(bench_${name} PRIVATE volteo::cbc)
    endif()
    set_target_properties(bench_${name} PROPERTIES
                          RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bench")
endforeach()
