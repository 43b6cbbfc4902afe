/* docs_page.h -- what a browser may do on the page /docs: its own style and script, by their
 * hashes, questions to this server, and nothing else. */
#ifndef VO_SERVE_DOCS_PAGE_H
#define VO_SERVE_DOCS_PAGE_H

#include <stddef.h>

#include <volteo/status.h>

#define VO_DOCS_POLICY 400

/* The Content-Security-Policy of a page with one <style> and one <script>, neither with
 * attributes. VO_EINVAL: there are none. */
vo_status vo_docs_page_policy(const char *page, char out[VO_DOCS_POLICY], vo_error *err);

#endif
