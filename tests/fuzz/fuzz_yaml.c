/* fuzz_yaml.c -- any bytes as YAML: refused in words, or a tree that is written and read back
 * equal. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/yaml.h"
#include "support/json_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > 65536) return 0;
    vo_json *root = NULL, *again = NULL;
    vo_error err = {0};
    char *yaml = NULL;
    if (vo_yaml_parse((const char *)data, size, &root, &err) != VO_OK) {
        assert(err.msg[0] != '\0' && !root);
        return 0;
    }
    if (vo_yaml_write(root, NULL, &yaml, &err) != VO_OK) abort();
    if (vo_yaml_parse(yaml, strlen(yaml), &again, &err) != VO_OK) abort();
    char *a = json_text(root), *b = json_text(again);
    if (strcmp(a, b) != 0) abort();
    free(a);
    free(b);
    free(yaml);
    vo_json_free(root);
    vo_json_free(again);
    return 0;
}
