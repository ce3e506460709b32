package dev.nomkit

private val OPERATION = Regex("^[a-z]+\\.[a-z]+_[a-z_]+(?=:)")
private val ARGUMENT = Regex("`([a-z_]+)`")

/** The same with methods and arguments named as they are written here; what a server says stays as it is. */
internal fun ErrorInfo.respelt(): ErrorInfo {
    val argument = details.textOrNull("argument")?.let { mapOf("argument" to JsonValue.Text(respelt(it))) }
    val named = OPERATION.replace(message) { camel(it.value) }
    val said = if (status == null) ARGUMENT.replace(named) { "`${respelt(it.groupValues[1])}`" } else named
    return copy(message = said, details = details + argument.orEmpty())
}

private fun respelt(name: String) = spelt[name] ?: name

private fun camel(name: String) = name.replace(Regex("_(.)")) { it.groupValues[1].uppercase() }
