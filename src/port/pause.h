/* pause.h -- the time of day and waiting, for code that talks to other machines. */
#ifndef VO_PORT_PAUSE_H
#define VO_PORT_PAUSE_H

double vo_pause_now_s(void); /* seconds since 1970-01-01 UTC, by this machine's clock */

/* Sleeps; at most 3600 s, nothing at all for values <= 0 or NAN. A signal may end it early. */
void vo_pause_s(double seconds);

#endif
