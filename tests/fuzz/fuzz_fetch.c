/* fuzz_fetch.c -- any bytes as a kept reply, as a URL template, as a text with secrets in it
 * and as a reply of a web service. The last byte chooses which. */
#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "data/fetch_cache.h"
#include "data/live.h"
#include "port/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decode(const char *data, size_t size) {
    const char *body = NULL;
    size_t len = 0;
    double when = 0;
    vo_error err = {0};
    const vo_status s = vo_fetch_cache_decode(data, size, "name", &body, &len, &when, &err);
    if (s == VO_OK)
        assert(body >= data && body + len == data + size);
    else
        assert(err.msg[0] != '\0' && body == NULL);
}

static void expand(const char *text, bool encode) {
    static const vo_live_slot slot[] = {
        {"base", "http://h"}, {"node", "A&B"}, {"from", "2024-01-01"}, {"key", NULL}};
    char out[64];
    vo_error err = {0};
    memset(out, '#', sizeof out);
    if (vo_live_expand(text, slot, 4, encode, out, 63, &err) == VO_OK)
        assert(memchr(out, '\0', 63) != NULL);
    else
        assert(err.msg[0] != '\0');
    assert(out[63] == '#');
}

static void redact(const char *text) {
    static const char *const secret[] = {"se/c", "Xy"};
    char out[300];
    vo_http_redact(text, secret, 2, out, sizeof out);
    assert(memchr(out, '\0', sizeof out) != NULL);
    assert(strstr(out, "se/c") == NULL && strstr(out, "Xy") == NULL);
    assert(strstr(out, "se%2fc") == NULL && strstr(out, "se%2Fc") == NULL);
}

/* Batu's own mapping, once. */
static const vo_mapping *batu(void) {
    static vo_mapping *mapping;
    if (!mapping && vo_mapping_load(NULL, "batu", &mapping, NULL) != VO_OK) abort();
    return mapping;
}

/* One reply, or two with an ASCII record separator between: the second must fit the first. */
static void take(const char *text, size_t len, vo_live_client client) {
    static const char *const name[] = {"10YES-REE------0"};
    const vo_live_request r = {.name = name,
                               .n_names = 1,
                               .from_day = 19723,
                               .to_day = 19723,
                               .now_s = 1.75e9,
                               .base_url = client == VO_LIVE_BATU ? "https://h" : NULL,
                               .mapping = client == VO_LIVE_BATU ? batu() : NULL,
                               .key = "k"};
    const char *second = len ? memchr(text, 0x1e, len) : NULL;
    const size_t first_len = second ? (size_t)(second - text) : len;
    vo_live_plan plan = {0};
    vo_readings_set *set = NULL;
    bool empty = false;
    vo_error err = {0};
    if (vo_live_plan_make(client, &r, &plan, &err) != VO_OK) abort();
    if (vo_readings_set_create(&set, NULL) != VO_OK) abort();
    vo_status s = vo_live_take(&plan, 0, text, first_len, set, &empty, &err);
    if (s == VO_OK && second)
        s = vo_live_take(&plan, 0, second + 1, len - first_len - 1, set, &empty, &err);
    if (s != VO_OK && err.msg[0] == '\0') abort();
    vo_readings_set_free(set);
    vo_live_plan_fini(&plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1 || size > 20000) return 0;
    char *text = malloc(size); /* NUL-terminated and of its own: reading on is seen */
    if (!text) return 0;
    memcpy(text, data, size - 1);
    text[size - 1] = '\0';
    switch (data[size - 1] % 10) {
    case 0:
    case 1:
        decode(text, size - 1);
        break;
    case 2:
        expand(text, true);
        break;
    case 3:
        expand(text, false);
        break;
    case 4:
        redact(text);
        break;
    case 5:
        take(text, size - 1, VO_LIVE_CENACE);
        break;
    case 6:
        take(text, size - 1, VO_LIVE_ENTSOE);
        break;
    case 7:
        take(text, size - 1, VO_LIVE_OPEN_METEO);
        break;
    case 8:
        take(text, size - 1, VO_LIVE_CAISO);
        break;
    default:
        take(text, size - 1, VO_LIVE_BATU);
        break;
    }
    free(text);
    return 0;
}
