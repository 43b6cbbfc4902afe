# The engine: volteo_<layer> per folder of src/, volteo_core (all layers, static), libvolteo
# (the same objects, shared) and the program volteo.
include_guard()

# The numeric kernels: square roots and comparisons in vectors. The values are the same; what is
# given up is errno and exception flags, which nobody reads.
set_source_files_properties("${PROJECT_SOURCE_DIR}/src/tensor/kern_cpu.c" PROPERTIES
    COMPILE_OPTIONS "-fno-math-errno;-fno-trapping-math;$<$<NOT:$<CONFIG:Debug>>:-O3>")
set_source_files_properties("${PROJECT_SOURCE_DIR}/src/learn/features.c"
                            "${PROJECT_SOURCE_DIR}/src/learn/features_window.c" PROPERTIES
    COMPILE_OPTIONS "-fno-math-errno;$<$<NOT:$<CONFIG:Debug>>:-O3>")

# "policy : include base grid" -> layer_deps_policy = base;grid
file(STRINGS "${PROJECT_SOURCE_DIR}/tools/layers.txt" lines REGEX "^[a-z]+ *:")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
             "${PROJECT_SOURCE_DIR}/tools/layers.txt")
set(volteo_layers "")
set(volteo_objects "")         # of the C API
set(volteo_service_objects "") # of what stands on it: the program's, not the library's
foreach(line IN LISTS lines)
    string(REGEX MATCH "^([a-z]+) *:([^#]*)" _ "${line}")
    set(layer "${CMAKE_MATCH_1}")
    string(REGEX MATCHALL "[a-z]+" uses "${CMAKE_MATCH_2}")
    list(REMOVE_ITEM uses include ${layer})
    if(layer STREQUAL "include" OR layer STREQUAL "apps")
        continue()
    endif()
    list(APPEND volteo_layers ${layer})
    file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/${layer}/*.c")
    list(TRANSFORM uses PREPEND volteo_)

    if(NOT sources) # a layer that has only headers, or nothing, so far
        add_library(volteo_${layer} INTERFACE)
        target_link_libraries(volteo_${layer} INTERFACE volteo_flags volteo_deps ${uses})
        continue()
    endif()
    add_library(volteo_${layer}_objects OBJECT ${sources})
    target_link_libraries(volteo_${layer}_objects PRIVATE volteo_flags volteo_deps)
    add_library(volteo_${layer} STATIC $<TARGET_OBJECTS:volteo_${layer}_objects>)
    target_link_libraries(volteo_${layer} PUBLIC volteo_flags volteo_deps ${uses})
    if(layer MATCHES "^(jobs|serve)$")
        list(APPEND volteo_service_objects $<TARGET_OBJECTS:volteo_${layer}_objects>)
    else()
        list(APPEND volteo_objects $<TARGET_OBJECTS:volteo_${layer}_objects>)
    endif()
    if(layer MATCHES "^(engine|serve)$")
        target_include_directories(volteo_${layer}_objects PRIVATE "${assets_dir}")
        target_include_directories(volteo_${layer} PUBLIC "${assets_dir}")
        add_dependencies(volteo_${layer}_objects volteo_assets)
    endif()
    if(layer STREQUAL "engine")
        target_sources(volteo_engine PRIVATE $<TARGET_OBJECTS:volteo_assets>)
    elseif(layer STREQUAL "serve") # the public API that it calls
        target_link_libraries(volteo_serve PUBLIC volteo_engine)
    endif()
endforeach()

if(NOT volteo_objects)
    message(WARNING "src/ has no sources yet: nothing to build")
    return()
endif()
list(APPEND volteo_objects $<TARGET_OBJECTS:volteo_assets>)

add_library(volteo_core STATIC ${volteo_objects} ${volteo_service_objects})
target_link_libraries(volteo_core PUBLIC volteo_flags volteo_deps)
target_include_directories(volteo_core PUBLIC "${assets_dir}")

# The shared library exports what include/volteo declares and nothing else.
file(GLOB public_headers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/include/volteo/*.h")
set(export_map "${PROJECT_BINARY_DIR}/generated/libvolteo.map")
add_custom_command(
    OUTPUT "${export_map}"
    COMMAND Python3::Interpreter "${PROJECT_SOURCE_DIR}/cmake/export_map.py" "${export_map}"
            ${public_headers}
    DEPENDS "${PROJECT_SOURCE_DIR}/cmake/export_map.py" ${public_headers}
    COMMENT "Listing the public API"
    VERBATIM)
add_library(volteo_shared SHARED ${volteo_objects} "${export_map}")
set_target_properties(volteo_shared PROPERTIES
    OUTPUT_NAME volteo VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
    LINK_DEPENDS "${export_map}" LINKER_LANGUAGE C)
target_link_options(volteo_shared PRIVATE "LINKER:--version-script=${export_map}")
if(NOT VOLTEO_SANITIZE)
    target_link_options(volteo_shared PRIVATE LINKER:--no-undefined)
endif()
target_link_libraries(volteo_shared PRIVATE volteo_flags volteo_deps)
target_include_directories(volteo_shared INTERFACE "${PROJECT_SOURCE_DIR}/include")

# Programs: src/apps/volteo_<name>.c is a program of its own; the other files are `volteo`.
file(GLOB app_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/apps/*.c")
file(GLOB other_programs CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/apps/volteo_*.c")
if(other_programs)
    list(REMOVE_ITEM app_sources ${other_programs})
endif()
set(volteo_programs "")
if("${PROJECT_SOURCE_DIR}/src/apps/volteo.c" IN_LIST app_sources)
    add_executable(volteo ${app_sources})
    list(APPEND volteo_programs volteo)
endif()
foreach(source IN LISTS other_programs)
    get_filename_component(name "${source}" NAME_WE)
    add_executable(${name} "${source}")
    list(APPEND volteo_programs ${name})
endforeach()
foreach(program IN LISTS volteo_programs)
    target_link_libraries(${program} PRIVATE volteo_core)
    set_target_properties(${program} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")
endforeach()

# Installed, programs and library find DuckDB and HiGHS beside them in lib/.
include(GNUInstallDirs)
set(origin "$ORIGIN:$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
set_target_properties(volteo_shared ${volteo_programs} PROPERTIES INSTALL_RPATH "${origin}")
install(TARGETS volteo_shared ${volteo_programs})
install(DIRECTORY include/volteo DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(IMPORTED_RUNTIME_ARTIFACTS volteo::duckdb volteo::highs)
