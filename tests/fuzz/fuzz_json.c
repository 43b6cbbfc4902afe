/* fuzz_json.c -- any bytes: refused in words, or read, written and read again to the same text.
 */
#include "base/json.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *write_text(const vo_json *v, size_t *len) {
    vo_json_out *w = NULL;
    char *text = NULL;
    if (vo_json_out_create(&w, NULL) != VO_OK) return NULL;
    vo_json_out_value(w, v);
    const vo_status st = vo_json_out_take(w, &text, len, NULL);
    assert(st == VO_OK && strlen(text) == *len);
    (void)st;
    vo_json_out_free(w);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    vo_json *root = NULL, *again = NULL;
    vo_error err = {0};
    if (vo_json_parse((const char *)data, size, &root, &err) != VO_OK) {
        assert(err.msg[0] != '\0' && !root);
        return 0;
    }
    size_t len1 = 0, len2 = 0;
    char *text1 = write_text(root, &len1);
    const vo_status st = text1 ? vo_json_parse(text1, len1, &again, &err) : VO_ENOMEM;
    assert(st == VO_OK);
    if (st == VO_OK) {
        char *text2 = write_text(again, &len2);
        assert(text2 && len1 == len2 && memcmp(text1, text2, len1) == 0);
        free(text2);
    }
    vo_json_free(again);
    vo_json_free(root);
    free(text1);
    return 0;
}
