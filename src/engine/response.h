/* response.h -- the answer to an optimize request as JSON: docs/api.md lists its fields. */
#ifndef VO_ENGINE_RESPONSE_H
#define VO_ENGINE_RESPONSE_H

#include "base/json.h"
#include "engine/inputs.h"
#include "engine/solution.h"

/* Writes the whole document; the request's `explain` adds a sentence per interval. */
void vo_response_optimize(const vo_request *r, const vo_inputs *in, const vo_solution *s,
                          bool by_day, vo_json_out *w);

/* The batteries as they were understood, one object each; closed by itself. */
void vo_response_batteries(const vo_request *r, vo_json_out *w);

/* Members of the open object: source, label, zone, currency, synthetic, span, repairs. */
void vo_response_inputs(const vo_inputs *in, vo_json_out *w);

/* "charging at 20.00: pays up to 55.00; one MWh more would earn 61.00" */
void vo_response_reason(const vo_problem *p, const vo_solution *s, size_t battery, size_t t,
                        char *out, size_t size);

#endif
