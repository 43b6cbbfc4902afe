/* test_kind.c -- each test states one promise of kind.h. */
#include "data/kind.h"

#include <criterion/criterion.h>

#include "data/readings.h"

Test(kind, prices_are_what_is_called_so_or_nothing) {
    cr_expect(vo_kind_is_prices("prices"));
    cr_expect(vo_kind_is_prices(""));
    cr_expect(vo_kind_is_prices(NULL));
    cr_expect_not(vo_kind_is_prices(VO_KIND_LOAD));
    cr_expect_not(vo_kind_is_prices("shadow_price"));
    cr_expect_not(vo_kind_is_prices("price"));
    cr_expect_not(vo_kind_is_prices("Prices"), "kinds are folders: case matters");
}
