/* test_learn_world.c -- each test states one promise of learn_world.h. */
#include "engine/learn_world.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "port/thread.h"
#include "support/data_folder.h"
#include "support/model_folder.h"

static char root[DATA_PATH];
static void begin(void) { cr_assert(temporary_folder(root)); }
static void end(void) { temporary_folder_remove(root); }
TestSuite(learn_world, .init = begin, .fini = end);

static void register_two(void) {
    vo_registry *r = model_folder_open(root);
    model_register(r, "price", 1);
    model_register(r, "price", 2);
    vo_registry_close(r);
}

Test(learn_world, a_model_is_loaded_once_and_stays_as_it_was) {
    register_two();
    vo_engine_options o = vo_engine_options_default();
    o.models = root;
    vo_learn_world w;
    vo_learn_world_init(&w, &o, 1);
    const void *first = NULL, *again = NULL;
    size_t len = 0;
    vo_error err = {0};
    cr_assert_eq(w.learning.model(w.learning.model_ctx, "price@latest", &first, &len, &err),
                 VO_OK, "%s", err.msg);
    cr_expect(len == 14 && memcmp(first, "model number 2", 14) == 0);
    vo_registry *r = model_folder_open(root);
    model_register(r, "price", 3);
    vo_registry_close(r);
    cr_assert_eq(w.learning.model(w.learning.model_ctx, "price@latest", &again, &len, &err),
                 VO_OK);
    cr_expect_eq(first, again, "what a name meant when it was first asked for");
    vo_learn_world_fini(&w);
}

static vo_status ask(void *ctx, size_t i, size_t worker, vo_error *err) {
    (void)worker;
    vo_learn_world *w = ctx;
    const void *bytes = NULL;
    size_t len = 0;
    const vo_status s = w->learning.model(w->learning.model_ctx,
                                          i % 2 ? "price" : "price@latest", &bytes, &len, err);
    cr_assert(s != VO_OK || memcmp(bytes, "model number 2", 14) == 0);
    return s;
}

Test(learn_world, models_may_be_asked_for_from_several_threads) {
    register_two();
    vo_engine_options o = vo_engine_options_default();
    o.models = root;
    vo_learn_world w;
    vo_error err = {0};
    vo_learn_world_init(&w, &o, 1);
    cr_assert_eq(vo_thread_for(64, 4, ask, &w, &err), VO_OK, "%s", err.msg);
    vo_learn_world_fini(&w);
}

Test(learn_world, a_damaged_model_is_refused_with_its_path_and_both_checksums) {
    vo_registry *r = model_folder_open(root);
    const char *version = model_register(r, "price", 1);
    char path[128];
    snprintf(path, sizeof path, "price/%s/model.vo", version);
    vo_registry_close(r);
    model_folder_spoil(root, path, 3, 1);
    vo_engine_options o = vo_engine_options_default();
    o.models = root;
    vo_learn_world w;
    vo_learn_world_init(&w, &o, 1);
    const void *bytes = NULL;
    size_t len = 0;
    vo_error err = {0};
    cr_assert_eq(w.learning.model(w.learning.model_ctx, "price", &bytes, &len, &err),
                 VO_EINVAL);
    cr_expect(strstr(err.msg, "model.vo"), "%s", err.msg);
    vo_learn_world_fini(&w);
}

typedef struct {
    double last;
    char words[64];
} heard;

static int32_t listen(void *ctx, const char *phase, double fraction) {
    heard *h = ctx;
    h->last = fraction;
    snprintf(h->words, sizeof h->words, "%s", phase);
    return 0;
}

Test(learn_world, progress_is_told_with_the_loss_and_within_its_share_of_the_work) {
    heard h = {0};
    vo_engine_options o = vo_engine_options_default();
    o.progress = listen;
    o.progress_ctx = &h;
    vo_learn_world w;
    vo_learn_world_init(&w, &o, 1);
    w.from = 0.5;
    w.share = 0.25;
    cr_assert(w.learning.progress(w.learning.progress_ctx, "training", 1, 3.25));
    cr_expect_str_eq(h.words, "training, loss 3.25");
    cr_expect_eq(h.last, 0.75);
    cr_assert(w.learning.progress(w.learning.progress_ctx, "warming up", 0, (double)NAN));
    cr_expect_str_eq(h.words, "warming up");
    cr_expect_eq(h.last, 0.5);
    vo_learn_world_fini(&w);
}
