import dev.nomkit.Emulator
import dev.nomkit.Source
import java.nio.file.Path
import kotlin.time.Duration.Companion.minutes

suspend fun main() =
    Emulator.start().use { emulator ->
        val nomic = emulator.nomic() // on the real platform: dev.nomkit.Nomic(domain = "acme")
        val report = Source.file(Path.of("examples/inspection-report.pdf")) // or .bytes, .stream, .uploaded
        val run = nomic.agents.launch("What is wrong with the fire doors?", files = listOf(report))
        run.updates().collect { agent -> println(agent.status) } // leaving it ends it; the agent runs on
        val result = run.wait(timeout = 10.minutes)
        println(result.text)
        println(result.artifacts[1].rows[0])
        println(run.followUp("Now turn that into a punch list").wait().text)
    }
