/* Any bytes as a request: refused in words or answered with a document, never worse.
 * The last byte chooses the call; sizes are kept small so that time goes into parsing. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <volteo/engine.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef vo_status call(vo_engine *e, const char *request, char **response, vo_error *err);

/* Stops work that a short request made long: a hundred thousand intervals are not the point. */
static int32_t patience(void *ctx, const char *phase, double fraction) {
    (void)phase, (void)fraction;
    return ++*(int *)ctx > 20;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static call *const calls[] = {vo_engine_optimize, vo_engine_compare, vo_engine_backtest};
    if (size < 1 || size > 4096) return 0;
    char *text = malloc(size);
    if (!text) return 0;
    memcpy(text, data, size - 1);
    text[size - 1] = '\0';
    int count = 0;
    vo_engine_options o = vo_engine_options_default();
    o.lake = "*"; /* refused before a database is opened, which takes 0.3 s */
    o.threads = 1;
    o.progress = patience, o.progress_ctx = &count;
    vo_engine *e = NULL;
    vo_error err = {0};
    char *response = NULL, *html = NULL;
    if (vo_engine_open(&o, &e, &err) != VO_OK) abort();
    const vo_status s = calls[data[size - 1] % 3](e, text, &response, &err);
    if (s != VO_OK && (response || !err.msg[0])) abort();
    if (s == VO_OK && !response) abort();
    if (s == VO_OK && data[size - 1] % 3 == 2 &&
        vo_engine_report(e, response, &html, &err) != VO_OK)
        abort();
    vo_text_free(html);
    vo_text_free(response);
    vo_engine_close(e);
    free(text);
    return 0;
}
