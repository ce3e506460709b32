import dev.nomkit.Source;
import dev.nomkit.blocking.BlockingEmulator;
import java.nio.file.Path;
import java.time.Duration;

class InspectionReport {
    public static void main(String[] arguments) {
        // On the real platform: BlockingNomic.builder().domain("acme").build()
        try (var emulator = BlockingEmulator.start(); var nomic = emulator.nomic()) {
            var report = Source.file(Path.of("examples/inspection-report.pdf"));
            var run = nomic.agents().launch("What is wrong with the fire doors?", report);
            run.updates().forEach(agent -> System.out.println(agent.getStatus()));
            var result = run.await(Duration.ofMinutes(10));
            System.out.println(result.getText());
            System.out.println(result.getArtifacts().get(1).getRows().get(0));
            System.out.println(run.followUp("Now turn that into a punch list").await().getText());
        }
    }
}
