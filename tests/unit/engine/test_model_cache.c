/* test_model_cache.c -- each test states one promise of model_cache.h. */
#include "engine/model_cache.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "port/file.h"
#include "port/thread.h"
#include "support/data_folder.h"
#include "support/model_folder.h"

static char root[DATA_PATH];
static void begin(void) { cr_assert(temporary_folder(root)); }
static void end(void) { temporary_folder_remove(root); }
TestSuite(model_cache, .init = begin, .fini = end);

static vo_registry *registry;
static vo_model_cache *cache;

static void open_both(int models) {
    registry = model_folder_open(root);
    for (int i = 1; i <= models; i++) model_register(registry, "price", i);
    cr_assert_eq(vo_model_cache_create(root, &cache, NULL), VO_OK);
}

static void close_both(void) {
    vo_model_cache_free(cache);
    vo_registry_close(registry);
}

static const vo_kept_model *take(const char *reference) {
    const vo_kept_model *m = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_model_cache_take(cache, reference, &m, &err), VO_OK, "%s", err.msg);
    return m;
}

Test(model_cache, a_version_is_loaded_once_under_all_its_names) {
    open_both(2);
    const vo_kept_model *a = take("price@latest"), *b = take("price");
    cr_expect_eq(a, b);
    cr_expect(a->len == 14 && memcmp(a->bytes, "model number 2", 14) == 0);
    cr_expect_str_eq(a->found.id, "price");
    cr_expect_null(a->table);
    cr_expect_null(a->boosting);
    vo_model_cache_give(cache, a);
    vo_model_cache_give(cache, b);
    close_both();
}

Test(model_cache, what_somebody_has_stays_when_the_files_are_gone) {
    open_both(1);
    const vo_kept_model *a = take("price");
    char path[VO_REGISTRY_PATH + 20];
    snprintf(path, sizeof path, "%s/model.vo", a->found.folder);
    cr_assert_eq(vo_file_remove(path, NULL), VO_OK);
    cr_expect_eq(memcmp(a->bytes, "model number 1", 14), 0);
    const vo_kept_model *b = take("price");
    cr_expect_eq(a, b);
    vo_model_cache_give(cache, a);
    vo_model_cache_give(cache, b);
    close_both();
}

Test(model_cache, many_are_kept_and_the_least_recently_used_go) {
    char reference[40];
    open_both(VO_MODEL_CACHE_MODELS + 2);
    vo_registry_book *book = NULL;
    cr_assert_eq(vo_registry_list(registry, &book, NULL), VO_OK);
    const vo_registry_model *m = vo_registry_book_find(book, "price");
    for (size_t i = 0; i < m->n; i++) { /* newest first */
        snprintf(reference, sizeof reference, "price@%s", m->version[i].version);
        vo_model_cache_give(cache, take(reference));
    }
    /* the first two taken have gone: their files are asked for again */
    for (size_t i = 0; i < m->n; i++) {
        char path[DATA_PATH + 200];
        vo_error err = {0};
        const vo_kept_model *k = NULL;
        snprintf(path, sizeof path, "%s/price/%s/manifest.json", root, m->version[i].version);
        cr_assert_eq(vo_file_remove(path, NULL), VO_OK);
        snprintf(reference, sizeof reference, "price@%s", m->version[i].version);
        const vo_status s = vo_model_cache_take(cache, reference, &k, &err);
        cr_expect_eq(s == VO_OK, i >= 2, "%zu: %s", i, err.msg);
        if (s == VO_OK) vo_model_cache_give(cache, k);
    }
    vo_registry_book_free(book);
    close_both();
}

Test(model_cache, an_unknown_or_damaged_model_is_refused_and_not_kept) {
    const vo_kept_model *m = NULL;
    open_both(1);
    vo_error err = {0};
    cr_expect_eq(vo_model_cache_take(cache, "nobody", &m, &err), VO_ENOTFOUND);
    cr_expect(strstr(err.msg, "nobody"), "%s", err.msg);
    vo_registry_found found;
    char path[200];
    cr_assert_eq(vo_registry_get(registry, "price", &found, NULL), VO_OK);
    snprintf(path, sizeof path, "price/%s/model.vo", found.version);
    model_folder_spoil(root, path, 3, 0x20);
    cr_expect_eq(vo_model_cache_take(cache, "price", &m, &err), VO_EINVAL);
    cr_expect(strstr(err.msg, "model.vo"), "%s", err.msg);
    model_folder_spoil(root, path, 3, 0x20); /* and back */
    vo_model_cache_give(cache, take("price"));
    close_both();
}

static vo_status one(void *ctx, size_t i, size_t worker, vo_error *err) {
    const vo_kept_model *m = NULL;
    (void)ctx;
    (void)worker;
    const vo_status s = vo_model_cache_take(cache, i % 3 ? "price" : "price@latest", &m, err);
    if (s != VO_OK) return s;
    cr_assert_eq(memcmp(m->bytes, "model number 3", 14), 0);
    vo_model_cache_give(cache, m);
    return VO_OK;
}

Test(model_cache, threads_may_share_it) {
    open_both(3);
    cr_expect_eq(vo_thread_for(64, 4, one, NULL, NULL), VO_OK);
    close_both();
}
