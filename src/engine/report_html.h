/* report_html.h -- a backtest, forecasts judged, or a community, as one self-contained HTML page with charts.
 *
 * The page carries its data and uPlot, needs no network and no other file. Everything that
 * came from input reaches the page as JSON inside <script type="application/json">, with '<'
 * escaped, and is put on screen by textContent only. Curves of a backtest longer than
 * 20 000 points are thinned by means over equal groups, of forecasts the last 20 000 points are
 * shown, so the size is bounded.
 */
#ifndef VO_ENGINE_REPORT_HTML_H
#define VO_ENGINE_REPORT_HTML_H

#include <volteo/status.h>

/* `answer` is a response of vo_engine_backtest, vo_engine_evaluate or vo_engine_simulate; without curves the
 * page lacks those charts. *html is malloc'ed. VO_EINVAL if it is not such a document. */
vo_status vo_report_html(const char *answer, char **html, vo_error *err);

#endif
