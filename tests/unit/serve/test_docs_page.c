/* test_docs_page.c -- each test states one promise of docs_page.h. */
#include "serve/docs_page.h"

#include <criterion/criterion.h>
#include <string.h>

#include "serve/assets.h"

/* Answers of `printf %s TEXT | openssl dgst -sha256 -binary | base64`. */
Test(docs_page, the_page_may_run_its_own_style_and_script_and_nothing_else) {
    char policy[VO_DOCS_POLICY];
    vo_error err = {0};
    cr_assert_eq(
        vo_docs_page_policy("<style>a{}</style><script>alert(1)</script>", policy, &err),
        VO_OK);
    cr_expect(strstr(policy, "default-src 'none'"));
    cr_expect(
        strstr(policy, "script-src 'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='"),
        "%s", policy);
    cr_expect_null(strstr(policy, "unsafe"));
    cr_expect_eq(vo_docs_page_policy(vo_asset_docs_page, policy, &err), VO_OK, "%s", err.msg);
    cr_expect_eq(vo_docs_page_policy("<p>", policy, &err), VO_EINVAL);
}
