/* synth_math.h -- elementary functions with the same bits on every machine.
 *
 * Made of + - * / sqrt, floor, remainder, frexp and ldexp only, which IEEE 754 rounds correctly
 * or which are exact; no libm function whose last bit differs between systems. Errors below
 * 1e-14 (relative for exp, absolute for the others) in the stated domains. What is made with
 * them is the same wherever doubles are IEEE 754 and the compiler neither contracts nor
 * reorders.
 */
#ifndef VO_DATA_SYNTH_MATH_H
#define VO_DATA_SYNTH_MATH_H

#define VO_SYNTH_PI 3.14159265358979323846

double vo_synth_exp(double x); /* |x| <= 700: beyond, 0 or e^700 */
double vo_synth_log(double x); /* x > 0, normal                  */
double vo_synth_sin(double x); /* |x| <= 1e6                     */
double vo_synth_cos(double x);
double vo_synth_atan2(double y, double x); /* not both 0 */
double vo_synth_asin(double x);            /* -1..1: what lies outside is moved to the edge */

/* z with P(N(0,1) > z) = p, 0 < p < 1; absolute error below 4.5e-4 (Abramowitz and Stegun
 * 26.2.23). */
double vo_synth_normal_tail(double p);

#endif
