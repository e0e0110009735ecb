/* The functions of `_relay` that need no relay: G.711, resampling and loudness of whole recordings.
 */
#ifndef B2BUA_AUDIO_MODULE_H
#define B2BUA_AUDIO_MODULE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

extern PyMethodDef audio_functions[];

#endif
