# volteo_deps: third-party headers (always as system headers) and libraries.
#
# .deps/ is what script/bootstrap unpacked: DuckDB, HiGHS, uPlot. A system DuckDB is taken when
# .deps has none. The rest are Debian packages found through pkg-config.
include_guard()
find_package(PkgConfig REQUIRED)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

set(deps "${PROJECT_SOURCE_DIR}/.deps" CACHE PATH "What script/bootstrap unpacked")
set(remedy "run script/bootstrap first")

function(volteo_find_library name header library folder)
    string(TOUPPER ${name} NAME)
    find_path(VOLTEO_${NAME}_INCLUDE ${header} HINTS "${deps}/${folder}/include"
              PATH_SUFFIXES highs)
    find_library(VOLTEO_${NAME}_LIBRARY ${library} HINTS "${deps}/${folder}/lib")
    if(NOT VOLTEO_${NAME}_INCLUDE OR NOT VOLTEO_${NAME}_LIBRARY)
        message(FATAL_ERROR "${name} not found: ${remedy}")
    endif()
    add_library(volteo::${name} SHARED IMPORTED GLOBAL)
    set_target_properties(volteo::${name} PROPERTIES
        IMPORTED_LOCATION "${VOLTEO_${NAME}_LIBRARY}"
        INTERFACE_INCLUDE_DIRECTORIES "${VOLTEO_${NAME}_INCLUDE}")
endfunction()

volteo_find_library(duckdb duckdb.h duckdb duckdb)
volteo_find_library(highs interfaces/highs_c_api.h highs highs)
# The HiGHS wheel keeps one generated header a level above the others.
if(EXISTS "${deps}/highs/include/highs_export.h")
    set_property(TARGET volteo::highs APPEND PROPERTY
                 INTERFACE_INCLUDE_DIRECTORIES "${deps}/highs/include")
endif()

pkg_check_modules(debian REQUIRED IMPORTED_TARGET jansson glib-2.0 expat libzstd zlib yaml-0.1
                  libarchive libcurl libpq xgboost openblas libsodium
                  libwebsockets sqlite3)

# Optional: only benches and cross-checking tests use CBC, as a peer.
find_path(VOLTEO_CBC_INCLUDE coin/Cbc_C_Interface.h)
find_library(VOLTEO_CBC_LIBRARY CbcSolver)
if(VOLTEO_CBC_INCLUDE AND VOLTEO_CBC_LIBRARY)
    add_library(volteo::cbc SHARED IMPORTED GLOBAL)
    set_target_properties(volteo::cbc PROPERTIES
        IMPORTED_LOCATION "${VOLTEO_CBC_LIBRARY}"
        INTERFACE_INCLUDE_DIRECTORIES "${VOLTEO_CBC_INCLUDE}"
        INTERFACE_COMPILE_DEFINITIONS VOLTEO_HAVE_CBC=1)
endif()

add_library(volteo_deps INTERFACE)
target_link_libraries(volteo_deps INTERFACE volteo::duckdb volteo::highs PkgConfig::debian
                                            Threads::Threads ${CMAKE_DL_LIBS} m)
