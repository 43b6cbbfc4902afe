/* http_head.c -- see http_head.h. Line by line, each cut out of the text with NULs. */
#include "serve/http_head.h"

#include "base/text.h"

#include <string.h>
#include <strings.h>

enum { MOST_HEADERS = 100, MOST_METHOD = 15 };

int64_t vo_http_head_end(const char *bytes, size_t n, size_t *seen) {
    size_t at = *seen;
    for (;;) {
        const char *lf = at < n ? memchr(bytes + at, '\n', n - at) : NULL;
        if (!lf) {
            *seen = n;
            return 0;
        }
        const size_t i = (size_t)(lf - bytes);
        if (i == 0 || bytes[i - 1] != '\r') return -1;
        if (i >= 3 && bytes[i - 2] == '\n') return (int64_t)i + 1;
        at = i + 1;
    }
}

static bool is_token(char c) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
    return c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

static bool all_token(const char *s) {
    if (!*s) return false;
    for (; *s; s++)
        if (!is_token(*s)) return false;
    return true;
}

/* The next line without its CR LF, NUL-terminated; NULL at the empty one. */
static char *next_line(char **at) {
    char *line = *at, *lf = strstr(line, "\r\n");
    if (!lf || lf == line) return NULL;
    *lf = '\0';
    *at = lf + 2;
    return line;
}

static const char *check_target(const char *target) {
    for (const char *c = target; *c; c++) {
        if (*c <= ' ' || *c >= 0x7f) return "the target has characters that a URL cannot have";
        if (*c == '#') return "the target has a fragment";
        if (*c != '%') continue;
        const int high = vo_text_hex(c[1]), low = high < 0 ? -1 : vo_text_hex(c[2]);
        if (low < 0) return "the target has a % without two hexadecimal digits";
        if (high == 0 && low == 0) return "the target has an encoded NUL";
    }
    return NULL;
}

/* Cuts "http://authority/path?query" (RFC 9112, 3.2.2) in place: *authority and, as the target, what
 * follows it. */
static const char *absolute_form(char *target, const char **authority, bool options) {
    const size_t scheme = strncasecmp(target, "http://", 7) == 0    ? 7
                          : strncasecmp(target, "https://", 8) == 0 ? 8
                                                                    : 0;
    if (scheme == 0) return target;
    const size_t n = strcspn(target + scheme, "/?");
    char *rest = target + scheme + n;
    memmove(target, target + scheme, n); /* room for its NUL, and for a '/' */
    target[n] = '\0';
    *authority = target;
    if (*rest == '/') return rest;
    if (*rest == '\0') return options ? "*" : "/";
    *--rest = '/';
    return rest;
}

static int request_line(char *line, vo_exchange *x, vo_http_framing *f, const char **authority,
                        const char **why) {
    char *target = line ? strchr(line, ' ') : NULL;
    char *version = target ? strchr(target + 1, ' ') : NULL;
    *why = "the request line is not METHOD TARGET HTTP/1.1";
    if (!version) return 400;
    *target++ = *version++ = '\0';
    if (!all_token(line)) return 400;
    if (strncmp(version, "HTTP/", 5) != 0 || strlen(version) != 8 || version[6] != '.')
        return 400;
    *why = "only HTTP/1.1 and HTTP/1.0 are spoken here";
    if (strcmp(version, "HTTP/1.1") != 0 && strcmp(version, "HTTP/1.0") != 0) return 505;
    *why = "the method is longer than 15 letters";
    if (strlen(line) > MOST_METHOD) return 501;
    x->method = line;
    f->http10 = version[7] == '0';
    f->keep_alive = !f->http10;
    if ((*why = check_target(target))) return 400;
    char *query = strchr(target, '?');
    const bool options = strcmp(line, "OPTIONS") == 0;
    const char *path = absolute_form(target, authority, options);
    *why = "the target must begin with '/' or http://";
    if (*path != '/' && !(strcmp(path, "*") == 0 && options)) return 400;
    if (query) *query++ = '\0';
    x->path = path;
    x->query = query ? query : "";
    return 0;
}

static bool clean_value(const char *v) {
    for (; *v; v++)
        if (((unsigned char)*v < 0x20 && *v != '\t') || *v == 0x7f) return false;
    return true;
}

static bool ascii(const char *v) {
    for (; *v; v++)
        if ((unsigned char)*v >= 0x80) return false;
    return true;
}

static char *trim(char *v) {
    v += strspn(v, " \t");
    size_t n = strlen(v);
    while (n && (v[n - 1] == ' ' || v[n - 1] == '\t')) v[--n] = '\0';
    return v;
}

/* Is `word` one of a comma-separated list? */
static bool lists(const char *list, const char *word) {
    const size_t n = strlen(word);
    for (const char *c = list; *c;) {
        c += strspn(c, ", \t");
        const size_t len = strcspn(c, ",");
        size_t end = len;
        while (end && (c[end - 1] == ' ' || c[end - 1] == '\t')) end--;
        if (end == n && strncasecmp(c, word, n) == 0) return true;
        c += len;
    }
    return false;
}

static bool read_length(const char *v, uint64_t *out) {
    const size_t n = strlen(v);
    if (n == 0 || n > 18 || strspn(v, "0123456789") != n) return false;
    *out = 0;
    for (; *v; v++) *out = *out * 10 + (uint64_t)(*v - '0');
    return true;
}

/* What decides about framing, beside what the exchange keeps. */
typedef struct {
    const char *length, *coding, *expect, *upgrade, *key, *version;
    bool asks_close, asks_keep, asks_upgrade, twice;
} framing_headers;

static bool once(const char **slot, const char *value, framing_headers *h) {
    if (*slot) h->twice = true;
    *slot = value;
    return true;
}

static bool note_framing(framing_headers *h, const char *name, const char *value) {
    if (strcasecmp(name, "content-length") == 0) return once(&h->length, value, h);
    if (strcasecmp(name, "transfer-encoding") == 0) return once(&h->coding, value, h);
    if (strcasecmp(name, "expect") == 0) return once(&h->expect, value, h);
    if (strcasecmp(name, "upgrade") == 0) return once(&h->upgrade, value, h);
    if (strcasecmp(name, "sec-websocket-key") == 0) return once(&h->key, value, h);
    if (strcasecmp(name, "sec-websocket-version") == 0) return once(&h->version, value, h);
    if (strcasecmp(name, "connection") != 0) return false;
    h->asks_close |= lists(value, "close");
    h->asks_keep |= lists(value, "keep-alive");
    h->asks_upgrade |= lists(value, "upgrade");
    return true;
}

/* Lists may come in several headers, of which the first is kept; what names somebody or
 * something may not. */
static bool may_repeat(const char *name) {
    return strcasecmp(name, "accept") == 0 ||
           strcasecmp(name, "access-control-request-headers") == 0 ||
           strcasecmp(name, "if-none-match") == 0;
}

static int note_header(char *line, vo_exchange *x, framing_headers *h, const char **why) {
    char *colon = strchr(line, ':');
    *why = "a header line is not NAME: VALUE";
    if (!colon) return 400;
    *colon = '\0';
    if (!all_token(line)) return 400;
    char *value = trim(colon + 1);
    *why = "a header has a control character";
    if (!clean_value(value)) return 400;
    if (note_framing(h, line, value)) return 0;
    const char **slot = NULL;
#define X(member, header)                                                                      \
    if (strcasecmp(line, header) == 0) slot = &x->member;
    VO_EXCHANGE_HEADER_MAP(X)
#undef X
    if (!slot) return 0;
    *why = "a header that is read here has characters outside ASCII";
    if (!ascii(value)) return 400;
    if (**slot) {
        *why = "a header that may come once came twice";
        return may_repeat(line) ? 0 : 400;
    }
    *slot = value;
    return 0;
}

static int judge(const framing_headers *h, vo_exchange *x, vo_http_framing *f,
                 const char **why) {
    *why = "a header that may come once came twice";
    if (h->twice) return 400;
    *why = "Content-Length and Transfer-Encoding exclude each other";
    if (h->length && h->coding) return 400;
    *why = "Content-Length is not a number of bytes";
    if (h->length && !read_length(h->length, &f->length)) return 400;
    f->has_length = h->length != NULL;
    *why = "Transfer-Encoding can only be chunked, and only in HTTP/1.1";
    if (h->coding && (f->http10 || strcasecmp(h->coding, "chunked") != 0)) return 400;
    f->chunked = h->coding != NULL;
    *why = "the only expectation that is met is 100-continue";
    if (h->expect && strcasecmp(h->expect, "100-continue") != 0) return 417;
    f->expects_continue = h->expect && !f->http10;
    f->keep_alive = !h->asks_close && (!f->http10 || h->asks_keep);
    x->upgrade = !f->http10 && h->asks_upgrade && h->upgrade &&
                 strcasecmp(h->upgrade, "websocket") == 0 && strcmp(x->method, "GET") == 0;
    f->key = h->key ? h->key : "";
    f->version = h->version ? h->version : "";
    return 0;
}

static bool is_host(const char *v) { return !strpbrk(v, " \t,/?#@\\\"<>"); }

int vo_http_head_parse(char *text, size_t n, vo_exchange *x, vo_http_framing *f,
                       const char **why) {
    x->method = x->path = x->query = "";
#define X(member, header) x->member = "";
    VO_EXCHANGE_HEADER_MAP(X)
#undef X
    memset(f, 0, sizeof *f);
    f->key = f->version = "";
    *why = "the head has a NUL";
    if (memchr(text, '\0', n)) return 400;
    framing_headers h;
    memset(&h, 0, sizeof h);
    char *at = text, *line = next_line(&at);
    const char *authority = NULL;
    int status = request_line(line, x, f, &authority, why);
    bool has_host = false;
    for (int i = 0; status == 0 && (line = next_line(&at)); i++) {
        const bool host = strncasecmp(line, "host:", 5) == 0;
        *why = "there are more than 100 headers";
        if (i == MOST_HEADERS) return 431;
        *why = "there are several Host headers";
        if (host && has_host) return 400;
        has_host |= host;
        status = note_header(line, x, &h, why);
    }
    if (status != 0) return status;
    *why = "HTTP/1.1 asks for one Host header";
    if (!has_host && !f->http10) return 400;
    *why = "Host is not a name or address with a port";
    if (!is_host(x->host)) return 400;
    *why = "the target's host is not a name or address with a port";
    if (authority && (!*authority || !is_host(authority))) return 400;
    if (authority) x->host = authority; /* it counts, whatever Host says */
    return judge(&h, x, f, why);
}
