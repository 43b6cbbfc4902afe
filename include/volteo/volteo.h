/* volteo.h -- the whole public C API. */
#ifndef VOLTEO_VOLTEO_H
#define VOLTEO_VOLTEO_H

#include <volteo/battery.h>
#include <volteo/engine.h>
#include <volteo/schedule.h>
#include <volteo/status.h>

#endif
