@file:JvmName("Errors")

package dev.nomkit.blocking

import dev.nomkit.NomkitException
import dev.nomkit.RateLimitException
import java.time.Duration
import kotlin.time.toJavaDuration

/** [NomkitException.elapsed] as Java has it: from the first attempt to the error. */
fun elapsed(error: NomkitException): Duration = error.elapsed.toJavaDuration()

/** [RateLimitException.retryAfter] as Java has it; `null` where the server did not say when. */
fun retryAfter(error: RateLimitException): Duration? = error.retryAfter?.toJavaDuration()
