/* http.h -- asking a web service: one request, one bounded reply.
 *
 * What a caller cannot switch off: only http and https; certificates are verified; a reply is
 * never larger than max_body (after decompression); at most max_redirects redirects, never from
 * https to http, and headers and bodies of the caller go to the origin they were meant for
 * only. Nothing is read from the environment (http_proxy, no_proxy, .netrc): a proxy is given
 * or there is none. Errors name host and reason and never a secret: see vo_http_redact.
 * Threads: one vo_http per thread; it keeps its connection open between requests.
 */
#ifndef VO_PORT_HTTP_H
#define VO_PORT_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <volteo/status.h>

#define VO_HTTP_MAX_URL 8000u

typedef struct {
    const char *name, *value; /* "X-Api-Key", "..." : printable, without line breaks */
} vo_http_header;

typedef bool (*vo_http_stop)(void *ctx); /* true: give up now, VO_ECANCELED */

/* Strings are borrowed for the call. */
typedef struct {
    const char *url;
    const vo_http_header *header; /* [n_headers] */
    size_t n_headers;
    const char *body; /* NULL: GET; else POST of body_len bytes */
    size_t body_len;
    double connect_timeout_s;  /* 10  */
    double timeout_s;          /* 60, for the whole of it, redirects too */
    size_t max_body;           /* 64 MiB */
    int32_t max_redirects;     /* 5   */
    const char *file;          /* NULL: the body is kept in memory; else written to this file,
                                  which holds it whole or is not there */
    const char *proxy;         /* "http://proxy:3128"; NULL: none                  */
    const char *ca_file;       /* PEM; NULL: the system's certificates             */
    const char *const *secret; /* [n_secrets] never to be seen in an error        */
    size_t n_secrets;
    vo_http_stop stop; /* may be NULL; asked several times a second */
    void *stop_ctx;
} vo_http_request;

vo_http_request vo_http_request_default(const char *url);

typedef struct {
    int32_t status; /* 200, 404, 500, ... whatever the service says is a reply */
    char content_type[96];
    double retry_after_s; /* NAN if the reply does not say */
    char *body;           /* malloc'ed, NUL-terminated; NULL if it went to a file */
    size_t len;
} vo_http_reply;

void vo_http_reply_fini(vo_http_reply *r); /* accepts a zeroed one */

typedef struct vo_http vo_http;

vo_status vo_http_open(vo_http **out, vo_error *err);
void vo_http_close(vo_http *h); /* accepts NULL */

/* Fills *out (the caller's: vo_http_reply_fini). VO_EINVAL: a bad URL, header or option.
 * VO_EIO: no reply, or not all of it; *passing (may be NULL) then tells whether asking again
 * may help: time-out, reset, cut short: yes; a bad certificate, a reply too large, a redirect
 * refused: no. VO_ECANCELED. */
vo_status vo_http_send(vo_http *h, const vo_http_request *r, vo_http_reply *out, bool *passing,
                       vo_error *err);

/* Copies `text` with every secret replaced by "***": the given ones, as they are and
 * percent-encoded; "user:password@" of URLs; the values of query parameters with telling names
 * (key, token, secret, password, ...). Cut at `size`, never in a way that shows a part of one.
 */
void vo_http_redact(const char *text, const char *const *secret, size_t n, char *out,
                    size_t size);

/* Appends `text` percent-encoded (all but letters, digits, '-', '.', '_', '~' and the
 * characters of `keep`) at out[*len]; false if it does not fit into size. */
bool vo_http_encode(const char *text, const char *keep, char *out, size_t size, size_t *len);

#endif
