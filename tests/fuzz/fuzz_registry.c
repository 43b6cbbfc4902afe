/* fuzz_registry.c -- any bytes as registry.json, as a manifest and as a log: refused with a
 * reason, or read; what is read as a registry is written and read back as the same, and every
 * name in it is safe as a folder's. The first byte chooses; bit 7 of it puts a right seal. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/registry_book.h"
#include "store/registry_manifest.h"
#include "store/sha256.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_names(const vo_registry_book *b) {
    for (size_t i = 0; i < b->n; i++) {
        const vo_registry_model *m = &b->model[i];
        assert(vo_registry_check_name(m->id, "id", NULL) == VO_OK);
        for (size_t k = 0; k < m->n; k++)
            assert(vo_registry_check_name(m->version[k].version, "v", NULL) == VO_OK);
        for (int a = 0; a < VO_REGISTRY_ALIASES; a++)
            assert(!m->alias[a] || vo_registry_model_find(m, m->alias[a]));
        for (size_t k = 0; k < m->n_former; k++)
            assert(vo_registry_model_find(m, m->former[k]));
    }
}

static void read_book(const char *text, size_t len) {
    vo_registry_book *b = NULL, *back = NULL;
    vo_error err = {0};
    if (vo_registry_book_parse(text, len, "fuzz", NULL, &b, &err) != VO_OK) {
        assert(!b && err.msg[0]);
        return;
    }
    check_names(b);
    char *first = NULL, *second = NULL;
    size_t n = 0, m = 0;
    if (vo_registry_book_text(b, &first, &n, NULL) != VO_OK) abort();
    if (vo_registry_book_parse(first, n, "back", NULL, &back, &err) != VO_OK) {
        fprintf(stderr, "%s\n%s\n", err.msg, first);
        abort();
    }
    if (vo_registry_book_text(back, &second, &m, NULL) != VO_OK) abort();
    assert(n == m && memcmp(first, second, n) == 0);
    while (b->n && b->model[0].n) {
        if (b->model[0].n_former) vo_registry_model_roll_back(&b->model[0]);
        vo_registry_model_drop(&b->model[0], b->model[0].version[0].version);
        check_names(b);
    }
    vo_registry_book_free(b);
    vo_registry_book_free(back);
    free(first);
    free(second);
}

static void read_manifest(const char *text, size_t len) {
    vo_manifest m = {0};
    vo_error err = {0};
    if (vo_manifest_parse(text, len, "fuzz", "gbt", "v1", &m, &err) != VO_OK) {
        assert(!m.root && err.msg[0]);
        return;
    }
    assert(m.n_files >= 1 && m.n_files <= VO_REGISTRY_FILES_MAX);
    for (size_t i = 0; i < m.n_files; i++)
        assert(vo_registry_check_name(vo_manifest_file_at(&m, i).name, "f", NULL) == VO_OK);
    vo_manifest_fini(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1 || size > 65536) return 0;
    const uint8_t choice = data[0];
    size_t len = size - 1;
    char *text = malloc(len + 128);
    if (!text) return 0;
    memcpy(text, data + 1, len);
    if (choice & 128) { /* text is what stands before the seal */
        char hex[VO_SHA256_HEX];
        vo_sha256_of(text, len, hex);
        len += (size_t)snprintf(text + len, 128, ",\n  \"sha256\": \"%s\"\n}\n", hex);
    }
    char *exact = malloc(len ? len : 1); /* so that a sanitizer sees any byte read beyond it */
    if (exact) {
        memcpy(exact, text, len);
        if (choice & 1)
            read_manifest(exact, len);
        else
            read_book(exact, len);
    }
    free(exact);
    free(text);
    return 0;
}
