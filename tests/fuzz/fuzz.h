/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a fuzz target is: one file fuzz_NAME.c with the function below, and a
 * folder corpus/NAME with the inputs that are worth keeping (one at least).
 * The same function is driven by replay_main.c in every test run and by
 * libFuzzer with -Dfuzz=true.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Takes any bytes whatever and returns 0; anything wrong must end in abort().
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
