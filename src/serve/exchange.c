/* exchange.c -- headers of an answer. */
#include "serve/exchange.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

void vo_exchange_header(vo_exchange *x, const char *name, const char *fmt, ...) {
    assert(x->n_headers < VO_EXCHANGE_HEADERS);
    if (x->n_headers >= VO_EXCHANGE_HEADERS) return;
    vo_answer_header *h = &x->header[x->n_headers++];
    snprintf(h->name, sizeof h->name, "%s", name);
    va_list args;
    va_start(args, fmt);
    vsnprintf(h->value, sizeof h->value, fmt, args);
    va_end(args);
    char *to = h->value;
    for (const char *c = h->value; *c; c++)
        if (*c >= 0x20 && *c < 0x7f) *to++ = *c;
    *to = '\0';
}
