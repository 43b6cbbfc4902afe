/* fuzz_cron.c -- any bytes as a time of five fields: refused in words, or firings that rise and
 * that looking back finds again. The last byte chooses a zone, others the instant. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "jobs/cron.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fire(const vo_cron *c, uint8_t choice, int64_t at) {
    static const char *const names[] = {"UTC", "America/New_York", "Australia/Lord_Howe",
                                        "Pacific/Apia"};
    static vo_zone *zones[4];
    vo_zone **zone = &zones[choice & 3];
    if (!*zone && vo_zone_open(names[choice & 3], zone, NULL) != VO_OK) abort();
    for (int i = 0; i < 4; i++) {
        const int64_t next = vo_cron_next(c, *zone, at);
        assert(next > at);
        if (next == INT64_MAX) return;
        assert(vo_cron_last(c, *zone, at, next) == next);
        assert(vo_cron_last(c, *zone, at, next - 1) == INT64_MIN);
        at = next;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 4 || size > 512) return 0;
    const size_t len = size - 4;
    char *text = malloc(len + 1); /* exactly so long, for the sanitizer */
    if (!text) return 0;
    memcpy(text, data, len);
    vo_cron c = {0};
    vo_error err = {0};
    const uint8_t *tail = data + len;
    if (vo_cron_parse(text, len, &c, &err) == VO_OK) {
        assert(c.minute && c.hour && c.month);
        const int64_t minutes = (int64_t)tail[0] << 16 | tail[1] << 8 | tail[2];
        fire(&c, tail[3], INT64_C(1293840000) + minutes * 60);
    } else {
        assert(err.msg[0] != '\0');
    }
    free(text);
    return 0;
}
