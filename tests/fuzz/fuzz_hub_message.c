/* fuzz_hub_message.c -- any bytes, line by line, as messages of a WebSocket client: each is
 * answered with one JSON object or refused in words, subscriptions stay bounded,
 * and a refused message changes nothing. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "serve/hub_topics.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 8 };

static void one(vo_topics **t, const char *text, size_t len) {
    const vo_topics *before = *t;
    char *reply = NULL;
    vo_error err = {0};
    const vo_status s = vo_topics_message(t, MOST, text, len, 7, &reply, &err);
    if (s != VO_OK && (reply || *t != before || !err.msg[0])) abort();
    if (s == VO_OK) {
        vo_json *root = NULL;
        if (vo_json_parse(reply, strlen(reply), &root, NULL) != VO_OK) abort();
        if (vo_json_kind_of(root) != VO_JSON_OBJECT || !vo_json_get(root, "event")) abort();
        vo_json_free(root);
    }
    if (vo_topics_count(*t) > MOST) abort();
    (void)vo_topics_want(*t, "job", "j_1");
    free(reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > 20000) return 0;
    char *text = malloc(size + 1);
    if (!text) return 0;
    if (size) memcpy(text, data, size);
    text[size] = '\0';
    vo_topics *topics = NULL;
    for (char *line = text, *end = text + size; line <= end;) {
        char *stop = memchr(line, '\n', (size_t)(end - line));
        if (!stop) stop = end;
        *stop = '\0';
        one(&topics, line, (size_t)(stop - line));
        line = stop + 1;
    }
    vo_topics_free(topics);
    free(text);
    return 0;
}
