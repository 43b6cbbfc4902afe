#include "learn/known_ahead.h"

#include <string.h>

#include "base/text.h"

bool vo_known_ahead(const vo_series *s, size_t k) {
    static const char *const word[] = {
#define X(text) text,
        VO_KNOWN_AHEAD_MAP(X)
#undef X
    };
    const char *name = s->column[k].name;
    const size_t len = strlen(name);
    if (k == 0 || vo_text_has(name, len, "actual")) return false;
    if (vo_text_begins(s->label, strlen(s->label), "EPF ")) return true;
    for (size_t i = 0; i < sizeof word / sizeof word[0]; i++)
        if (vo_text_has(name, len, word[i])) return true;
    return false;
}
