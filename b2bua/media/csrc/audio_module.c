/*
 * Recordings may be minutes long: the GIL is dropped while they are worked on.  That is safe,
 * because `bytes` never change and the caller's tuple of arguments holds them.
 */
#include "audio_module.h"

#include "g711.h"
#include "level.h"
#include "mix.h"
#include "resample.h"

#include <stdbool.h>

enum { SAMPLE_BYTES = sizeof(int16_t) };

struct samples {
	const int16_t *first;
	Py_ssize_t count;
};

/* A converter for "O&": bytes that are whole 16-bit samples. */
static int read_samples(PyObject *object, void *target)
{
	struct samples *samples = target;
	Py_ssize_t size;
	char *bytes;

	if (PyBytes_AsStringAndSize(object, &bytes, &size) != 0)
		return 0;
	if (size % SAMPLE_BYTES != 0) {
		PyErr_SetString(PyExc_ValueError, "not whole 16-bit samples");
		return 0;
	}
	samples->first = (const int16_t *)(const void *)bytes;
	samples->count = size / SAMPLE_BYTES;
	return 1;
}

static PyObject *encode(PyObject *args, void (*law)(const int16_t *, size_t, uint8_t *))
{
	struct samples in;
	PyObject *encoded;
	uint8_t *octets;

	if (!PyArg_ParseTuple(args, "O&", read_samples, &in))
		return NULL;
	encoded = PyBytes_FromStringAndSize(NULL, in.count);
	if (encoded == NULL)
		return NULL;
	octets = (uint8_t *)PyBytes_AsString(encoded);
	Py_BEGIN_ALLOW_THREADS
	law(in.first, (size_t)in.count, octets);
	Py_END_ALLOW_THREADS
	return encoded;
}

static PyObject *decode(PyObject *args, void (*law)(const uint8_t *, size_t, int16_t *))
{
	const char *octets;
	Py_ssize_t count;
	PyObject *pcm;
	int16_t *samples;

	if (!PyArg_ParseTuple(args, "y#", &octets, &count))
		return NULL;
	if (count > PY_SSIZE_T_MAX / SAMPLE_BYTES)
		return PyErr_NoMemory();
	pcm = PyBytes_FromStringAndSize(NULL, count * SAMPLE_BYTES);
	if (pcm == NULL)
		return NULL;
	samples = (int16_t *)(void *)PyBytes_AsString(pcm);
	Py_BEGIN_ALLOW_THREADS
	law((const uint8_t *)octets, (size_t)count, samples);
	Py_END_ALLOW_THREADS
	return pcm;
}

static PyObject *ulaw_encode(PyObject *Py_UNUSED(module), PyObject *args)
{
	return encode(args, g711_ulaw_encode_all);
}

static PyObject *alaw_encode(PyObject *Py_UNUSED(module), PyObject *args)
{
	return encode(args, g711_alaw_encode_all);
}

static PyObject *ulaw_decode(PyObject *Py_UNUSED(module), PyObject *args)
{
	return decode(args, g711_ulaw_decode_all);
}

static PyObject *alaw_decode(PyObject *Py_UNUSED(module), PyObject *args)
{
	return decode(args, g711_alaw_decode_all);
}

static PyObject *resampled(const struct samples *in, uint32_t rate_hz)
{
	size_t count = resample_count((size_t)in->count, rate_hz);
	PyObject *pcm = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(count * SAMPLE_BYTES));
	int16_t *out;
	bool done;

	if (pcm == NULL)
		return NULL;
	out = (int16_t *)(void *)PyBytes_AsString(pcm);
	Py_BEGIN_ALLOW_THREADS
	done = resample(in->first, (size_t)in->count, rate_hz, out);
	Py_END_ALLOW_THREADS
	if (done)
		return pcm;
	Py_DECREF(pcm);
	return PyErr_NoMemory();
}

static PyObject *resample_pcm(PyObject *Py_UNUSED(module), PyObject *args)
{
	struct samples in;
	unsigned int rate_hz;

	if (!PyArg_ParseTuple(args, "O&I", read_samples, &in, &rate_hz))
		return NULL;
	if (resample_knows(rate_hz))
		return resampled(&in, rate_hz);
	return PyErr_Format(PyExc_ValueError, "a rate is %d to %d Hz", RESAMPLE_HZ_LEAST,
			    RESAMPLE_HZ_MOST);
}

static PyObject *level(PyObject *Py_UNUSED(module), PyObject *args)
{
	struct samples in;
	struct level found;

	if (!PyArg_ParseTuple(args, "O&", read_samples, &in))
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	found = level_of(in.first, (size_t)in.count);
	Py_END_ALLOW_THREADS
	return Py_BuildValue("id", found.peak, found.active);
}

static PyObject *amplify(PyObject *Py_UNUSED(module), PyObject *args)
{
	struct samples in;
	double gain;
	PyObject *pcm;
	int16_t *out;

	if (!PyArg_ParseTuple(args, "O&d", read_samples, &in, &gain))
		return NULL;
	pcm = PyBytes_FromStringAndSize(NULL, in.count * SAMPLE_BYTES);
	if (pcm == NULL)
		return NULL;
	out = (int16_t *)(void *)PyBytes_AsString(pcm);
	Py_BEGIN_ALLOW_THREADS
	level_change(in.first, (size_t)in.count, gain, out);
	Py_END_ALLOW_THREADS
	return pcm;
}

static PyObject *mix(PyObject *Py_UNUSED(module), PyObject *args)
{
	struct samples a, b;
	PyObject *pcm;
	int16_t *sum;

	if (!PyArg_ParseTuple(args, "O&O&", read_samples, &a, read_samples, &b))
		return NULL;
	if (a.count != b.count)
		return PyErr_Format(PyExc_ValueError, "not as many samples here as there");
	pcm = PyBytes_FromStringAndSize(NULL, a.count * SAMPLE_BYTES);
	if (pcm == NULL)
		return NULL;
	sum = (int16_t *)(void *)PyBytes_AsString(pcm);
	Py_BEGIN_ALLOW_THREADS
	mix_add(a.first, b.first, (size_t)a.count, sum);
	Py_END_ALLOW_THREADS
	return pcm;
}

PyMethodDef audio_functions[] = {
	{ "ulaw_encode", ulaw_encode, METH_VARARGS, NULL },
	{ "alaw_encode", alaw_encode, METH_VARARGS, NULL },
	{ "ulaw_decode", ulaw_decode, METH_VARARGS, NULL },
	{ "alaw_decode", alaw_decode, METH_VARARGS, NULL },
	{ "resample", resample_pcm, METH_VARARGS, NULL },
	{ "level", level, METH_VARARGS, NULL },
	{ "amplify", amplify, METH_VARARGS, NULL },
	{ "mix", mix, METH_VARARGS, NULL },
	{ NULL, NULL, 0, NULL },
};
