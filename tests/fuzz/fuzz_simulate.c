/* Any bytes as a request to simulate: refused in words, or played to an answer that makes a page and
 * whose ledger closes. Communities are kept small so that time goes into what they may be like; the last
 * byte says whether the text is a request or, taken for an answer, is to become a page. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <volteo/engine.h>

#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int32_t patience(void *ctx, const char *phase, double fraction) {
    (void)phase, (void)fraction;
    return ++*(int *)ctx > 400;
}

static double number(const vo_json *object, const char *key) {
    const vo_json *v = object ? vo_json_get(object, key) : NULL;
    return v && vo_json_kind_of(v) == VO_JSON_NUMBER ? vo_json_number(v) : 0;
}

static bool is_small(const char *text) {
    vo_json *root = NULL;
    if (vo_json_parse(text, strlen(text), &root, NULL) != VO_OK) return true;
    const bool object = vo_json_kind_of(root) == VO_JSON_OBJECT;
    const bool small =
        !object || (number(root, "homes") <= 6 && number(root, "days") <= 2 &&
                    number(root, "history_days") <= 9 && vo_json_get(root, "homes") &&
                    vo_json_get(root, "history_days"));
    vo_json_free(root);
    return small;
}

static void check_answer(vo_engine *e, const char *response) {
    vo_json *root = NULL;
    char *html = NULL;
    if (vo_json_parse(response, strlen(response), &root, NULL) != VO_OK) abort();
    const vo_json *l = vo_json_get(root, "ledger");
    if (number(l, "buyers_pay") !=
        number(l, "sellers_receive") + number(l, "losses") + number(l, "fees"))
        abort();
    if (vo_engine_report(e, response, &html, NULL) != VO_OK) abort();
    vo_text_free(html);
    vo_json_free(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1 || size > 4096) return 0;
    char *text = malloc(size), *out = NULL;
    if (!text) return 0;
    memcpy(text, data, size - 1);
    text[size - 1] = '\0';
    int count = 0;
    vo_engine_options o = vo_engine_options_default();
    o.models = "nowhere";
    o.threads = 1;
    o.progress = patience, o.progress_ctx = &count;
    vo_engine *e = NULL;
    vo_error err = {0};
    if (vo_engine_open(&o, &e, &err) != VO_OK) abort();
    const bool page = data[size - 1] % 4 == 0;
    vo_status s = VO_OK;
    if (page)
        s = vo_engine_report(e, text, &out, &err);
    else if (is_small(text))
        s = vo_engine_simulate(e, text, &out, &err);
    else
        s = vo_engine_check(e, "simulate", text, &err);
    if (s != VO_OK && (out || !err.msg[0])) abort();
    if (s == VO_OK && out && !page) check_answer(e, out);
    vo_text_free(out);
    vo_engine_close(e);
    free(text);
    return 0;
}
