/* normal.h -- the standard normal distribution and its inverse. Pure functions. */
#ifndef VO_BASE_NORMAL_H
#define VO_BASE_NORMAL_H

double vo_normal_below(double z); /* P(Z < z); P(Z > z) is that of -z, to full precision */
double vo_normal_score(double p); /* the z of P(Z < z) = p, 0 < p < 1, within 1e-8        */

/* The same without its last step, several times as fast: within 1.2e-9 of itself. For chance. */
double vo_normal_score_near(double p);

#endif
