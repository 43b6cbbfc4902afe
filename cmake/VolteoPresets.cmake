# The mappings of config/sources, the tariffs of config/tariffs and the scenarios of config/scenarios
# as tables inside the library (src/data/presets.h), so that `volteo data import FILE`, a tariff or a
# scenario by its name need no folder of configuration.
include_guard()
function(volteo_embed_presets noun folder)
    file(GLOB presets CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${folder}/*.yaml")
    set(presets_c "${PROJECT_BINARY_DIR}/generated/data/${noun}_presets.c")
    add_custom_command(
        OUTPUT "${presets_c}"
        COMMAND Python3::Interpreter "${PROJECT_SOURCE_DIR}/cmake/embed_presets.py" ${noun}
                "${presets_c}" ${presets}
        DEPENDS "${PROJECT_SOURCE_DIR}/cmake/embed_presets.py" ${presets}
        COMMENT "Embedding ${folder}"
        VERBATIM)
    target_sources(volteo_data_objects PRIVATE "${presets_c}")
endfunction()
volteo_embed_presets(mapping config/sources)
volteo_embed_presets(tariff config/tariffs)
volteo_embed_presets(scenario config/scenarios)
