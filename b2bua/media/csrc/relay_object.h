/* The relay's Python object, as the files see it that hold its methods. */
#ifndef B2BUA_RELAY_OBJECT_H
#define B2BUA_RELAY_OBJECT_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "relay.h"

struct relay *relay_of(PyObject *object);

/* Raise what a fault means; `demand` is what the caller did not heed, for -EINVAL. */
PyObject *relay_refuse(int fault, const char *demand);

/* None, or what `relay_refuse` raises. */
PyObject *relay_answer(int fault, const char *demand);

/* The methods for taps. */
PyObject *Relay_open_tap(PyObject *object, PyObject *unused);
PyObject *Relay_tap(PyObject *object, PyObject *args);
PyObject *Relay_take(PyObject *object, PyObject *args);
PyObject *Relay_close_tap(PyObject *object, PyObject *args);
PyObject *Relay_tap_dropped(PyObject *object, PyObject *unused);

#endif
