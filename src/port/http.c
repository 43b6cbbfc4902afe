/* http.c -- see http.h. The only file that knows libcurl.
 *
 * Redirects are followed here and not by libcurl, which would carry all headers of ours (but
 * Authorization) to whichever host a redirect names. The body is counted as it is delivered, so
 * a small compressed reply cannot grow without bound.
 */
#include "port/http.h"

#include <curl/curl.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

struct vo_http {
    CURL *easy;
    char why[CURL_ERROR_SIZE];
};

typedef struct { /* one exchange: where the body goes */
    const vo_http_request *r;
    char *body;
    size_t len, capacity;
    FILE *file;
    char file_name[1100]; /* the temporary one */
    bool too_large, no_memory, disk, stopped;
} exchange;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static void start_curl(void) { curl_global_init(CURL_GLOBAL_DEFAULT); }

vo_http_request vo_http_request_default(const char *url) {
    return (vo_http_request){.url = url,
                             .connect_timeout_s = 10,
                             .timeout_s = 60,
                             .max_body = (size_t)64 << 20,
                             .max_redirects = 5};
}

void vo_http_reply_fini(vo_http_reply *r) {
    free(r->body);
    *r = (vo_http_reply){0};
}

vo_status vo_http_open(vo_http **out, vo_error *err) {
    pthread_once(&once, start_curl);
    vo_http *h = calloc(1, sizeof *h);
    if (h) h->easy = curl_easy_init();
    if (!h || !h->easy) {
        free(h);
        return vo_fail(err, VO_ENOMEM, "no memory for an HTTP connection");
    }
    *out = h;
    return VO_OK;
}

void vo_http_close(vo_http *h) {
    if (!h) return;
    curl_easy_cleanup(h->easy);
    free(h);
}

/* ---- what may be said ----------------------------------------------------------------- */

static bool plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '.' || c == '_' || c == '~';
}

bool vo_http_encode(const char *text, const char *keep, char *out, size_t size, size_t *len) {
    static const char hex[] = "0123456789ABCDEF";
    size_t n = *len;
    for (const char *p = text; *p; p++) {
        if (plain(*p) || (keep && strchr(keep, *p))) {
            if (n + 2 > size) return false;
            out[n++] = *p;
        } else {
            if (n + 4 > size) return false;
            out[n++] = '%';
            out[n++] = hex[(unsigned char)*p >> 4];
            out[n++] = hex[(unsigned char)*p & 15];
        }
    }
    if (n + 1 > size) return false;
    out[n] = '\0';
    *len = n;
    return true;
}

/* The bytes of `text` that are `secret`, any of its characters possibly percent-encoded; 0: no.
 */
static size_t match(const char *text, const char *secret) {
    const char *t = text;
    for (const char *s = secret; *s; s++) {
        if (*t == *s) {
            t++;
            continue;
        }
        char code[4];
        snprintf(code, sizeof code, "%%%02X", (unsigned char)*s);
        if (t[0] != '%' || t[1] == '\0' || t[2] == '\0') return 0;
        if (strchr("0123456789abcdef", code[1] | 32) == NULL) return 0;
        if ((t[1] & ~32) != (code[1] & ~32) || (t[2] & ~32) != (code[2] & ~32)) return 0;
        t += 3;
    }
    return (size_t)(t - text);
}

/* At '?', '&' or ';': the length of "name=" where the name tells of a secret, else 0. */
static size_t telling(const char *p) {
    static const char *const words[] = {
        "key",           "apikey",       "api_key",       "api-key",         "token",  "secret",
        "securitytoken", "access_token", "auth",          "password",        "passwd", "pwd",
        "sig",           "signature",    "client_secret", "subscription-key"};
    if (*p != '?' && *p != '&' && *p != ';') return 0;
    const size_t n = strcspn(p + 1, "=&; \t\r\n\"");
    if (p[1 + n] != '=') return 0;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (vo_text_same_span(p + 1, n, words[i])) return n + 2;
    return 0;
}

/* At "://": the length of "user:password@", else 0. */
static size_t user_part(const char *p) {
    const size_t n = strcspn(p, "/?# \t\r\n\"'");
    for (size_t i = n; i > 0; i--)
        if (p[i - 1] == '@') return i;
    return 0;
}

void vo_http_redact(const char *text, const char *const *secret, size_t n, char *out,
                    size_t size) {
    size_t o = 0;
    const char *p = text;
    while (*p && o + 4 < size) {
        size_t skip = 0;
        for (size_t i = 0; i < n; i++) {
            const size_t m = secret[i] && *secret[i] ? match(p, secret[i]) : 0;
            if (m > skip) skip = m;
        }
        const size_t keep = skip ? 0 : telling(p);
        if (keep) {
            if (o + keep + 4 >= size) break;
            memcpy(out + o, p, keep);
            o += keep;
            p += keep;
            skip = strcspn(p, "&; \t\r\n\"'<>");
        } else if (!skip && !strncmp(p, "://", 3) && user_part(p + 3)) {
            if (o + 8 >= size) break;
            memcpy(out + o, p, 3);
            o += 3;
            p += 3;
            skip = user_part(p) - 1;
        }
        if (keep || skip) {
            memcpy(out + o, "***", 3);
            o += 3;
            p += skip;
        } else {
            out[o++] = *p++;
        }
    }
    if (size) out[o] = '\0';
}

/* vo_fail with a text that names the URL's host and hides what must not be seen. */
static vo_status refuse(vo_error *err, const vo_http_request *r, const char *url,
                        vo_status code, const char *why) {
    char line[700], clean[480];
    const char *host = strstr(url, "://");
    host = host ? host + 3 : url;
    host += user_part(host);
    snprintf(line, sizeof line, "%.*s: %s", (int)strcspn(host, "/?#"), host, why);
    vo_http_redact(line, r->secret, r->n_secrets, clean, sizeof clean);
    for (char *p = clean; *p; p++)
        if ((unsigned char)*p < 32) *p = ' ';
    return vo_fail(err, code, "%s", clean);
}

/* ---- one exchange ---------------------------------------------------------------------- */

static bool more_room(exchange *x, size_t need) {
    size_t capacity = x->capacity ? x->capacity : 16384;
    while (capacity < need) capacity *= 2;
    if (capacity == x->capacity) return true;
    char *body = realloc(x->body, capacity);
    if (!body) return false;
    x->body = body;
    x->capacity = capacity;
    return true;
}

static size_t take_bytes(char *data, size_t one, size_t n, void *ctx) {
    exchange *x = ctx;
    n *= one;
    if (n > x->r->max_body || x->len > x->r->max_body - n) {
        x->too_large = true;
        return 0;
    }
    if (x->file) {
        x->disk = fwrite(data, 1, n, x->file) != n;
        if (x->disk) return 0;
    } else {
        if (!more_room(x, x->len + n + 1)) {
            x->no_memory = true;
            return 0;
        }
        memcpy(x->body + x->len, data, n);
    }
    x->len += n;
    return n;
}

static int watch(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
    exchange *x = ctx;
    (void)a, (void)b, (void)c, (void)d;
    x->stopped = x->r->stop(x->r->stop_ctx);
    return x->stopped;
}

static bool header_is_sound(const vo_http_header *h) {
    if (!h->name || !h->value || !*h->name) return false;
    for (const char *p = h->name; *p; p++)
        if (!plain(*p)) return false;
    for (const char *p = h->value; *p; p++)
        if ((unsigned char)*p < 32 || *p == 127) return false;
    return strlen(h->name) + strlen(h->value) < 4000;
}

static vo_status check(const vo_http_request *r, vo_error *err) {
    if (!r->url || (strncmp(r->url, "http://", 7) != 0 && strncmp(r->url, "https://", 8) != 0))
        return vo_fail(err, VO_EINVAL, "an address must begin with https:// or http://");
    if (strlen(r->url) > VO_HTTP_MAX_URL)
        return refuse(err, r, r->url, VO_EINVAL, "an address of more than 8000 characters");
    for (const char *p = r->url; *p; p++)
        if ((unsigned char)*p <= 32 || (unsigned char)*p >= 127)
            return refuse(err, r, r->url, VO_EINVAL,
                          "blanks and other special characters of an address must be "
                          "percent-encoded");
    if (!(r->timeout_s > 0) || !(r->connect_timeout_s > 0) || r->timeout_s > 1e6 ||
        r->connect_timeout_s > 1e6)
        return refuse(err, r, r->url, VO_EINVAL, "time-outs must be above 0 and below 1e6 s");
    for (size_t i = 0; i < r->n_headers; i++)
        if (!header_is_sound(&r->header[i]))
            return refuse(err, r, r->url, VO_EINVAL,
                          "a header must be a name of letters, digits and '-' and a value on "
                          "one line, of less than 4000 characters together");
    return VO_OK;
}

/* Two URLs of one scheme, host and port? */
static bool same_origin(const char *a, const char *b) {
    static const CURLUPart part[] = {CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT};
    CURLU *ua = curl_url(), *ub = curl_url();
    bool same = ua && ub && !curl_url_set(ua, CURLUPART_URL, a, 0) &&
                !curl_url_set(ub, CURLUPART_URL, b, 0);
    for (size_t i = 0; same && i < 3; i++) {
        char *x = NULL, *y = NULL;
        same = !curl_url_get(ua, part[i], &x, CURLU_DEFAULT_PORT) &&
               !curl_url_get(ub, part[i], &y, CURLU_DEFAULT_PORT) && strcmp(x, y) == 0;
        curl_free(x);
        curl_free(y);
    }
    curl_url_cleanup(ua);
    curl_url_cleanup(ub);
    return same;
}

static bool set_up(vo_http *h, exchange *x, const char *url, double left_s,
                   struct curl_slist *headers) {
    const vo_http_request *r = x->r;
    CURL *c = h->easy;
    curl_easy_reset(c); /* options only: connections stay */
    h->why[0] = '\0';
    bool ok = true;
#define SET(option, value) ok = ok && curl_easy_setopt(c, option, value) == CURLE_OK
    SET(CURLOPT_URL, url);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_ERRORBUFFER, h->why);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_PROXY, r->proxy ? r->proxy : ""); /* "": not even that of the environment */
    SET(CURLOPT_NOPROXY, "");
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    if (r->ca_file) SET(CURLOPT_CAINFO, r->ca_file);
    SET(CURLOPT_ACCEPT_ENCODING, ""); /* whatever libcurl can undo */
    SET(CURLOPT_USERAGENT, "volteo/0.1");
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)ceil(fmin(r->connect_timeout_s, left_s) * 1000));
    SET(CURLOPT_TIMEOUT_MS, (long)ceil(left_s * 1000));
    SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)r->max_body);
    SET(CURLOPT_WRITEFUNCTION, take_bytes);
    SET(CURLOPT_WRITEDATA, x);
    if (headers) SET(CURLOPT_HTTPHEADER, headers);
    if (r->stop) {
        SET(CURLOPT_NOPROGRESS, 0L);
        SET(CURLOPT_XFERINFOFUNCTION, watch);
        SET(CURLOPT_XFERINFODATA, x);
    }
    if (r->body) {
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body_len);
        SET(CURLOPT_POSTFIELDS, r->body);
    }
#undef SET
    return ok;
}

static vo_status list_headers(const vo_http_request *r, struct curl_slist **out,
                              vo_error *err) {
    char line[4096];
    for (size_t i = 0; i < r->n_headers; i++) {
        /* "Name;" is libcurl's way to send a header without a value */
        if (*r->header[i].value)
            snprintf(line, sizeof line, "%s: %s", r->header[i].name, r->header[i].value);
        else
            snprintf(line, sizeof line, "%s;", r->header[i].name);
        struct curl_slist *more = curl_slist_append(*out, line);
        if (!more) return vo_fail(err, VO_ENOMEM, "no memory for headers");
        *out = more;
    }
    return VO_OK;
}

static bool may_pass(CURLcode code) {
    switch ((int)code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        return true;
    default:
        return false;
    }
}

static vo_status explain(vo_http *h, const exchange *x, const char *url, CURLcode code,
                         bool *passing, vo_error *err) {
    const vo_http_request *r = x->r;
    char why[400];
    *passing = false;
    if (x->stopped) return refuse(err, r, url, VO_ECANCELED, "stopped before the reply came");
    if (x->no_memory) return refuse(err, r, url, VO_ENOMEM, "no memory for the reply");
    if (x->disk) return refuse(err, r, url, VO_EIO, "the reply could not be written to disk");
    if (x->too_large || code == CURLE_FILESIZE_EXCEEDED) {
        snprintf(why, sizeof why,
                 "the reply is larger than %zu bytes, which is all that is taken; ask for a "
                 "shorter span",
                 r->max_body);
        return refuse(err, r, url, VO_EIO, why);
    }
    *passing = may_pass(code);
    snprintf(
        why, sizeof why, "%s%s", *h->why ? h->why : curl_easy_strerror(code),
        code == CURLE_PEER_FAILED_VERIFICATION
            ? " (the certificate does not prove that this is the service: nothing was sent)"
        : code == CURLE_PARTIAL_FILE ? " (the reply was cut short)"
                                     : "");
    return refuse(err, r, url, VO_EIO, why);
}

/* Sends to `url`, following no redirect; the reply's facts are in h->easy afterwards. */
static vo_status exchange_once(vo_http *h, exchange *x, const char *url, bool with_headers,
                               double left_s, bool *passing, vo_error *err) {
    struct curl_slist *headers = NULL;
    vo_status s = with_headers ? list_headers(x->r, &headers, err) : VO_OK;
    if (s == VO_OK && !set_up(h, x, url, left_s, headers))
        s = refuse(err, x->r, url, VO_EINVAL, "libcurl does not take this address or option");
    if (s == VO_OK) {
        const CURLcode code = curl_easy_perform(h->easy);
        if (code != CURLE_OK) s = explain(h, x, url, code, passing, err);
    }
    curl_slist_free_all(headers);
    return s;
}

static vo_status start_body(exchange *x, vo_error *err) {
    x->len = 0;
    if (!x->r->file) {
        x->capacity = 0;
        free(x->body);
        x->body = NULL;
        return more_room(x, 1) ? VO_OK : vo_fail(err, VO_ENOMEM, "no memory for a reply");
    }
    if (x->file) fclose(x->file);
    snprintf(x->file_name, sizeof x->file_name, "%.1000s.part%ld", x->r->file, (long)getpid());
    x->file = fopen(x->file_name, "wb");
    if (!x->file)
        return vo_fail(err, VO_EIO, "%.300s: cannot be written; is the folder there?",
                       x->r->file);
    return VO_OK;
}

static vo_status finish_body(exchange *x, vo_http_reply *out, vo_error *err) {
    if (x->file) {
        const bool bad = fflush(x->file) != 0 || fsync(fileno(x->file)) != 0;
        const bool worse = fclose(x->file) != 0;
        x->file = NULL;
        if (bad || worse || rename(x->file_name, x->r->file) != 0) {
            remove(x->file_name);
            return vo_fail(err, VO_EIO, "%.300s: the reply could not be written", x->r->file);
        }
    } else {
        x->body[x->len] = '\0';
        out->body = x->body;
        x->body = NULL;
    }
    out->len = x->len;
    return VO_OK;
}

static void drop_body(exchange *x) {
    free(x->body);
    if (x->file) {
        fclose(x->file);
        remove(x->file_name);
    }
}

/* Where a reply redirects to: NULL: nowhere. The text lives until the next exchange. */
static const char *redirect_of(vo_http *h, long status) {
    char *to = NULL;
    if (status < 300 || status > 399 || status == 304) return NULL;
    curl_easy_getinfo(h->easy, CURLINFO_REDIRECT_URL, &to);
    return to;
}

static vo_status check_redirect(const vo_http_request *r, const char *url, const char *to,
                                int32_t hops, vo_error *err) {
    char why[160];
    if (hops >= r->max_redirects) {
        snprintf(why, sizeof why, "redirected more than %d times: it leads nowhere",
                 (int)r->max_redirects);
        return refuse(err, r, url, VO_EIO, why);
    }
    if (strncmp(to, "http://", 7) != 0 && strncmp(to, "https://", 8) != 0)
        return refuse(err, r, url, VO_EIO, "redirected to something that is not http or https");
    if (strncmp(url, "https://", 8) == 0 && strncmp(to, "https://", 8) != 0)
        return refuse(err, r, url, VO_EIO, "redirected from https to http: refused");
    if (r->body) return refuse(err, r, url, VO_EIO, "a POST is redirected: refused");
    if (strlen(to) > VO_HTTP_MAX_URL)
        return refuse(err, r, url, VO_EIO, "redirected to an address that is too long");
    return VO_OK;
}

static void read_facts(vo_http *h, long status, vo_http_reply *out) {
    char *type = NULL;
    curl_off_t after = 0;
    out->status = (int32_t)status;
    curl_easy_getinfo(h->easy, CURLINFO_CONTENT_TYPE, &type);
    snprintf(out->content_type, sizeof out->content_type, "%s", type ? type : "");
    curl_easy_getinfo(h->easy, CURLINFO_RETRY_AFTER, &after);
    out->retry_after_s = after > 0 ? (double)after : (double)NAN;
}

vo_status vo_http_send(vo_http *h, const vo_http_request *r, vo_http_reply *out, bool *passing,
                       vo_error *err) {
    exchange x = {.r = r};
    vo_http_reply got = {0};
    bool may = false, same = true;
    long status = 0;
    double left_s = r->timeout_s, took = 0;
    char url[VO_HTTP_MAX_URL + 1];
    vo_status s = check(r, err);
    if (s == VO_OK) snprintf(url, sizeof url, "%s", r->url);
    for (int32_t hops = 0; s == VO_OK; hops++) {
        s = start_body(&x, err);
        if (s == VO_OK) s = exchange_once(h, &x, url, same, left_s, &may, err);
        if (s != VO_OK) break;
        curl_easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(h->easy, CURLINFO_TOTAL_TIME, &took);
        const char *to = redirect_of(h, status);
        if (!to) break;
        s = check_redirect(r, url, to, hops, err);
        if (s != VO_OK) break;
        snprintf(url, sizeof url, "%s", to);
        same = same && same_origin(r->url, url); /* once away, headers stay away */
        left_s = fmax(left_s - took, 0.001);
    }
    if (s == VO_OK) {
        read_facts(h, status, &got);
        s = finish_body(&x, &got, err);
    }
    drop_body(&x);
    if (passing) *passing = may;
    if (s == VO_OK) *out = got;
    return s;
}
