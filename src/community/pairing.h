/* pairing.h -- who trades with whom, once it is known how much everybody trades.
 *
 * By home: sellers and buyers in the order of their numbers, each pair at most once. By merit: the
 * dearest bid with the cheapest offer. Nobody is paired with himself; sums of homes stay.
 * Precondition: bought + sold of each home <= market->quantity, as vo_market_fill leaves them.
 */
#ifndef VO_COMMUNITY_PAIRING_H
#define VO_COMMUNITY_PAIRING_H

#include "community/matching_book.h"

/* Fill market->trade with offer and bid, net, as seller_price and buyer_price (by home: 0). VO_ENOMEM. */
vo_status vo_pair_by_home(vo_market *m, vo_error *err);
vo_status vo_pair_by_merit(vo_market *m, vo_error *err);

/* By seller, then buyer, then price from the highest; trades alike become one. VO_ENOMEM. */
vo_status vo_pair_sort(vo_market *m, vo_error *err);

#endif
