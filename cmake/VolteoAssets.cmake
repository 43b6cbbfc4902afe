# volteo_assets: files that the library carries inside as constant arrays, so that a report is one
# file and the library needs no data directory. Use: #include "engine/assets.h" (generated).
#
# vo_asset_uplot_js and vo_asset_uplot_css are the charting code; every src/engine/NAME.html, .css
# and .js is vo_asset_NAME. Every src/serve/NAME.json, .html, .css and .js is vo_asset_NAME of
# "serve/assets.h".
include_guard()
find_package(Python3 REQUIRED COMPONENTS Interpreter)

set(assets_dir "${PROJECT_BINARY_DIR}/generated")
set(assets_c "${assets_dir}/engine/assets.c")
set(assets_h "${assets_dir}/engine/assets.h")
set(uplot "${deps}/uplot")
if(NOT EXISTS "${uplot}/uPlot.iife.min.js" OR NOT EXISTS "${uplot}/uPlot.min.css")
    message(FATAL_ERROR "uPlot not found: ${remedy}")
endif()

set(assets "vo_asset_uplot_js=${uplot}/uPlot.iife.min.js"
           "vo_asset_uplot_css=${uplot}/uPlot.min.css")
file(GLOB pages CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/engine/*.html"
     "${PROJECT_SOURCE_DIR}/src/engine/*.css" "${PROJECT_SOURCE_DIR}/src/engine/*.js")
foreach(page IN LISTS pages)
    get_filename_component(name "${page}" NAME_WE)
    list(APPEND assets "vo_asset_${name}=${page}")
endforeach()

add_custom_command(
    OUTPUT "${assets_c}" "${assets_h}"
    COMMAND Python3::Interpreter "${PROJECT_SOURCE_DIR}/cmake/embed.py" "${assets_dir}/engine"
            ${assets}
    DEPENDS "${PROJECT_SOURCE_DIR}/cmake/embed.py" "${uplot}/uPlot.iife.min.js"
            "${uplot}/uPlot.min.css" ${pages}
    COMMENT "Embedding assets"
    VERBATIM)
file(GLOB pages CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/serve/*.json"
     "${PROJECT_SOURCE_DIR}/src/serve/*.html" "${PROJECT_SOURCE_DIR}/src/serve/*.css"
     "${PROJECT_SOURCE_DIR}/src/serve/*.js")
set(serve_assets "")
foreach(page IN LISTS pages)
    get_filename_component(name "${page}" NAME_WE)
    list(APPEND serve_assets "vo_asset_${name}=${page}")
endforeach()
set(serve_c "${assets_dir}/serve/assets.c")
set(serve_h "${assets_dir}/serve/assets.h")
add_custom_command(
    OUTPUT "${serve_c}" "${serve_h}"
    COMMAND Python3::Interpreter "${PROJECT_SOURCE_DIR}/cmake/embed.py" "${assets_dir}/serve"
            ${serve_assets}
    DEPENDS "${PROJECT_SOURCE_DIR}/cmake/embed.py" ${pages}
    COMMENT "Embedding the service's document and pages"
    VERBATIM)

add_library(volteo_assets OBJECT "${assets_c}" "${assets_h}" "${serve_c}" "${serve_h}")
target_link_libraries(volteo_assets PRIVATE volteo_flags)
target_include_directories(volteo_assets PUBLIC "${assets_dir}")
