package dev.nomkit

import dev.nomkit.bridge.Given

/** What a launch takes along, as it crosses, and what is read beside it. */
internal class Attached(files: List<Source>, inputs: Map<String, List<Source>>, images: List<Image>) {
    val readings = mutableListOf<Reading>()
    val given =
        Given(
            files.map { it.given(readings) },
            inputs.mapValues { (_, sources) -> sources.map { it.given(readings) } },
            images.map { it.given },
        )
}
