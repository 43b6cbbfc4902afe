# The mappings of config/sources as a table inside the library (src/data/mapping_presets.h), so
# that `volteo data import FILE` needs no folder of configuration.
include_guard()
file(GLOB presets CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/config/sources/*.yaml")
set(presets_c "${PROJECT_BINARY_DIR}/generated/data/mapping_presets.c")
add_custom_command(
    OUTPUT "${presets_c}"
    COMMAND Python3::Interpreter "${PROJECT_SOURCE_DIR}/cmake/embed_presets.py" "${presets_c}"
            ${presets}
    DEPENDS "${PROJECT_SOURCE_DIR}/cmake/embed_presets.py" ${presets}
    COMMENT "Embedding the mappings of sources"
    VERBATIM)
target_sources(volteo_data_objects PRIVATE "${presets_c}")
