/* fuzz_names.c -- any bytes as a name: of a folder of the lake (there is one spelling of each
 * name, and each name has one) and of a table of a database (quoted, it means itself). */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "data/lake_tree.h"
#include "data/source_postgres.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LONGEST = 300 };

/* A folder that is read is written the same again. */
static void folder(const char *text) {
    char name[VO_NODE_NAME], again[4 * VO_NODE_NAME];
    memset(name, '#', sizeof name);
    if (!vo_lake_decode(text, name, sizeof name)) return;
    if (!memchr(name, '\0', sizeof name)) abort();
    vo_text to = vo_text_over(again, sizeof again);
    vo_lake_put_encoded(&to, name);
    if (strcmp(again, text) != 0) abort();
}

/* A name that is written is read again, by as many bytes as it needs and not by one less. */
static void written(const char *name) {
    char text[3 * LONGEST + 1], again[LONGEST + 1];
    const size_t n = strlen(name);
    vo_text to = vo_text_over(text, sizeof text);
    vo_lake_put_encoded(&to, name);
    if (!vo_lake_decode(text, again, n + 1) || strcmp(again, name) != 0) abort();
    if (n > 0 && vo_lake_decode(text, again, n)) abort();
    if (strpbrk(text, "/\\*?[]{} '\"=") || text[0] == '.') abort();
}

static void quote(char **to, const char *name) {
    *(*to)++ = '"';
    for (; *name; name++) {
        if (*name == '"') *(*to)++ = '"';
        *(*to)++ = *name;
    }
    *(*to)++ = '"';
    **to = '\0';
}

static void table(const char *text) {
    char name[2][VO_POSTGRES_NAME], again[2][VO_POSTGRES_NAME];
    char quoted[4 * VO_POSTGRES_NAME + 8], *to = quoted;
    const size_t n = vo_source_postgres_names(text, name);
    assert(n <= 2);
    for (size_t i = 0; i < n; i++) {
        if (!memchr(name[i], '\0', VO_POSTGRES_NAME) || !name[i][0]) abort();
        if (i) *to++ = '.';
        quote(&to, name[i]);
    }
    if (n == 0) return;
    if (vo_source_postgres_names(quoted, again) != n) abort();
    for (size_t i = 0; i < n; i++)
        if (strcmp(again[i], name[i]) != 0) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > LONGEST) return 0;
    char *text = malloc(size + 1);
    if (!text) return 0;
    if (size) memcpy(text, data, size);
    text[size] = '\0';
    folder(text);
    written(text);
    table(text);
    (void)vo_source_postgres_is(text);
    free(text);
    return 0;
}
