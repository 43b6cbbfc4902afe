# Every tests/fuzz/fuzz_*.c is a libFuzzer executable of that name; script/fuzz runs one. A
# tests/fuzz/seed_*.c beside it is a program that writes seeds for it into a folder.
include_guard()
file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/fuzz/fuzz_*.c")
foreach(source IN LISTS sources)
    get_filename_component(name "${source}" NAME_WE)
    add_executable(${name} "${source}")
    target_compile_options(${name} PRIVATE -Wno-missing-prototypes) # libFuzzer declares the entry
    target_link_libraries(${name} PRIVATE volteo_core)
    target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/tests") # support/*.h
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/fuzz")
endforeach()
file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/fuzz/seed_*.c")
foreach(source IN LISTS sources)
    get_filename_component(name "${source}" NAME_WE)
    add_executable(${name} EXCLUDE_FROM_ALL "${source}")
    target_link_libraries(${name} PRIVATE volteo_core)
    target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/tests") # support/*.h
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/fuzz")
endforeach()
