/* fuzz_model.c -- any bytes as a trained model: a forecaster of the list or a Q-table. Length
 * and checksum are put right first, so that what the fuzzer changes is looked at. Refused with
 * a reason, leaving the forecaster as unfitted as it was; or read, and then it forecasts, its
 * quantiles ascend, and saved and read again it says the same. */
#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "learn/forecaster.h"
#include "learn/q_table.h"
#include "support/model_history.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEAD = 27, TAIL = 8, KNOWN = 24 * (MODEL_HISTORY_DAYS - 5) + 7, AHEAD = 30, LEVELS = 3 };

static const vo_learning world = {.alloc = &vo_alloc_libc};

typedef struct {
    double value[AHEAD], quantile[AHEAD][LEVELS];
} answer;

/* false: it has said why it cannot. */
static bool ask(vo_forecaster *f, const vo_series *s, answer *a) {
    static const double level[LEVELS] = {0.1, 0.5, 0.9};
    size_t filled = 0;
    vo_error err = {0};
    if (vo_forecaster_predict(f, s->column[0].value, KNOWN, KNOWN, KNOWN + AHEAD, a->value,
                              &filled, &err) != VO_OK ||
        vo_forecaster_quantiles(f, s->column[0].value, KNOWN, KNOWN, KNOWN + AHEAD, level,
                                LEVELS, a->quantile[0], &err) != VO_OK) {
        assert(err.msg[0]);
        return false;
    }
    for (size_t i = 0; i < AHEAD; i++) {
        assert(!isinf(a->value[i]));
        for (size_t q = 1; q < LEVELS; q++)
            assert(!(a->quantile[i][q] < a->quantile[i][q - 1]));
    }
    return true;
}

static vo_forecaster *made(const char *name, const vo_series *s) {
    vo_forecaster *f = NULL;
    if (vo_forecaster_create(name, s, &world, &f, NULL) != VO_OK) abort();
    return f;
}

static void read_back(const vo_forecaster *f, const char *name, const vo_series *s,
                      const answer *first) {
    void *bytes = NULL;
    size_t len = 0;
    answer again;
    vo_error err = {0};
    if (vo_forecaster_to_bytes(f, &bytes, &len, &err) != VO_OK) {
        fprintf(stderr, "cannot be saved: %s\n", err.msg);
        abort();
    }
    vo_forecaster *g = made(name, s);
    if (vo_forecaster_from_bytes(g, bytes, len, "back", &err) != VO_OK || !ask(g, s, &again)) {
        fprintf(stderr, "cannot be read back: %s\n", err.msg);
        abort();
    }
    assert(memcmp(first, &again, sizeof again) == 0);
    vo_forecaster_free(g);
    free(bytes);
}

static void as_forecaster(const uint8_t *model, size_t size, const vo_series *s) {
    char name[VO_FORECASTER_NAME];
    vo_error err = {0};
    answer a, b;
    if (vo_forecaster_name_in(model, size, "fuzz", name, &err) != VO_OK) {
        assert(err.msg[0]);
        return;
    }
    if (strchr(name, '=') || !vo_forecaster_learns(name)) return;
    vo_forecaster *f = made(name, s);
    if (vo_forecaster_from_bytes(f, model, size, "fuzz", &err) != VO_OK) {
        assert(err.msg[0]);
        assert(!ask(f, s, &a)); /* nothing half is kept */
    } else if (ask(f, s, &a)) {
        if (!ask(f, s, &b)) abort();
        assert(memcmp(&a, &b, sizeof a) == 0);
        vo_forecaster *again =
            made(name, s); /* `f` has come to KNOWN; this is where it began */
        if (vo_forecaster_from_bytes(again, model, size, "fuzz", &err) != VO_OK) abort();
        read_back(again, name, s, &a);
        vo_forecaster_free(again);
    }
    vo_forecaster_free(f);
}

static void as_q_table(const uint8_t *model, size_t size) {
    vo_artefact *in = NULL;
    vo_q_table *t = NULL;
    vo_error err = {0};
    if (vo_artefact_open(model, size, VO_Q_KIND, VO_Q_VERSION, "fuzz", &in, &err) != VO_OK)
        return;
    if (vo_q_table_load(in, NULL, &t, &err) == VO_OK) {
        for (int32_t hour = 0; hour < 24; hour++)
            for (int i = 0; i < 5; i++) {
                const vo_q_state at = {0.25 * i, i == 4 ? (double)NAN : i - 1.5, hour};
                const vo_q_choice c = vo_q_table_act(t, &at);
                assert(c.action >= 0 && c.action < VO_Q_ACTIONS);
                assert(c.confidence >= 0 && c.confidence <= 1);
            }
    } else {
        assert(!t && err.msg[0]);
    }
    vo_q_table_free(t);
    vo_artefact_close(in);
}

static void put_little(uint8_t *to, uint64_t v) {
    for (int i = 0; i < 8; i++) to[i] = (uint8_t)(v >> 8 * i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static vo_series *s;
    if (!s) s = model_history();
    if (size < HEAD + TAIL || size > 1 << 20) return 0;
    uint8_t *model = malloc(size); /* exactly: a sanitizer sees any byte read beyond it */
    if (!model) return 0;
    memcpy(model, data, size);
    put_little(model + HEAD - 8, size - HEAD - TAIL);
    put_little(model + size - TAIL, vo_hash_bytes(VO_HASH_START, model, size - TAIL));
    as_forecaster(model, size, s);
    as_q_table(model, size);
    free(model);
    return 0;
}
