/* process_figures.h -- what this process takes of the machine, as the kernel counts it. */
#ifndef VO_PORT_PROCESS_FIGURES_H
#define VO_PORT_PROCESS_FIGURES_H

/* NAN: not known here. */
typedef struct {
    double cpu_s;                         /* user and system, since the start */
    double resident_bytes, virtual_bytes; /* memory                           */
    double open_fds, max_fds, threads;
    double start_s; /* since 1970, UTC */
} vo_process_figures;

void vo_process_figures_read(vo_process_figures *out);

#endif
