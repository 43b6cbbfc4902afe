/* source_epf.c -- see source_epf.h. The files are plain CSV; what this adds is who they are. */
#include "data/source_epf.h"

#include <string.h>

#include "base/text.h"
#include "data/source_csv.h"

static const struct {
    const char *market, *currency;
} markets[] = {{"NP", "EUR"}, {"PJM", "USD"}, {"BE", "EUR"}, {"FR", "EUR"}, {"DE", "EUR"}};

bool vo_source_epf_is(const char *head, size_t len) {
    return vo_text_begins(head, len, "Date,Price,") ||
           vo_text_begins(head, len, ",Real price,");
}

/* The market is a word of the file name: "FR.csv", "forecasts_FR_DNN_LEAR.csv.zst". */
static int market_of(const char *name) {
    const char *slash = strrchr(name, '/');
    for (const char *word = slash ? slash + 1 : name; *word;) {
        const size_t len = strcspn(word, "_-. ");
        for (int i = 0; i < (int)(sizeof markets / sizeof markets[0]); i++)
            if (strlen(markets[i].market) == len && memcmp(word, markets[i].market, len) == 0)
                return i;
        word += len + (word[len] != '\0');
    }
    return -1;
}

vo_status vo_source_epf_parse(vo_bytes *in, const vo_source_options *o, vo_readings_set *set,
                              vo_error *err) {
    vo_source_options mine = *o;
    const int m = market_of(vo_bytes_name(in));
    if (m >= 0 && !mine.market) mine.market = "EPF";
    if (m >= 0 && !mine.node) mine.node = markets[m].market;
    if (m >= 0 && !mine.currency) mine.currency = markets[m].currency;
    if (!mine.process) mine.process = "DA";
    if (!mine.zone) mine.zone = "UTC";
    const vo_status st = vo_source_csv_parse(in, &mine, set, err);
    if (st == VO_OK && !o->zone)
        vo_source_say(set, "naive market time with 24 rows every day, read as UTC");
    return st;
}
