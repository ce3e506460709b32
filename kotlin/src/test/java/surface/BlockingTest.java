package surface;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nomkit.AgentStatus;
import dev.nomkit.Event;
import dev.nomkit.EventKind;
import dev.nomkit.IfMissing;
import dev.nomkit.InvalidInputException;
import dev.nomkit.Json;
import dev.nomkit.NotFoundException;
import dev.nomkit.Progress;
import dev.nomkit.RateLimitException;
import dev.nomkit.RequestedFile;
import dev.nomkit.Source;
import dev.nomkit.WaitTimeoutException;
import dev.nomkit.blocking.AgentList;
import dev.nomkit.blocking.Artifacts;
import dev.nomkit.blocking.BlockingEmulator;
import dev.nomkit.blocking.BlockingNomic;
import dev.nomkit.blocking.BlockingOutcome;
import dev.nomkit.blocking.BlockingRun;
import dev.nomkit.blocking.Errors;
import dev.nomkit.blocking.Launch;
import dev.nomkit.blocking.Resume;
import dev.nomkit.blocking.Upload;
import dev.nomkit.blocking.UploadFolder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** What Java sees: plain calls that block their thread. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BlockingTest {
    private static final String NOBODY = "019abc12-3456-7890-abcd-ef1234567890";
    private static final Path REPORT = Path.of("../examples/inspection-report.pdf");
    private final BlockingEmulator emulator = BlockingEmulator.start(false);
    private final BlockingNomic nomic = emulator.nomic();

    @TempDir
    Path folder;

    @BeforeEach
    void begin() {
        emulator.reset();
        emulator.timing(Duration.ofMillis(10), Duration.ofMillis(50), Duration.ZERO);
    }

    @AfterAll
    void end() {
        nomic.close();
        emulator.close();
    }

    private long requests(String operation) {
        return emulator.ledger().getRequests().stream()
                .filter(request -> operation.equals(Json.toPlain(request).get("operation")))
                .count();
    }

    @Test
    void aRunIsLaunchedWatchedAndAskedAgain() throws Exception {
        List<Progress> told = new ArrayList<>();
        Launch launch = new Launch("What is wrong with the fire doors?")
                .files(Source.file(REPORT), Source.bytes("The door sticks.".getBytes(), "notes.txt"))
                .timeout(Duration.ofMinutes(1))
                .onProgress(told::add);
        BlockingRun run = nomic.agents().launch(launch);
        assertTrue(told.size() > 0);
        List<AgentStatus> seen = run.updates().stream().map(agent -> agent.getStatus()).toList();
        assertEquals(AgentStatus.Finished.INSTANCE, seen.get(seen.size() - 1));
        var result = run.await(Duration.ofMinutes(1), told::add);
        assertTrue(result.getText().contains("door"), result.getText());
        assertEquals(2, result.getAgent().getFiles().size());
        var table = result.getArtifacts().get(1);
        assertTrue(Json.toPlain(table.getRows().get(0)).values().stream().anyMatch(cell -> cell instanceof String));
        Path written = Artifacts.download(table, folder);
        assertTrue(Files.size(written) > 0 && written.startsWith(folder));
        BlockingRun next = run.followUp("Now turn that into a punch list");
        assertEquals(2, next.getTurn());
        assertNotEquals(result.getText(), next.await().getText());
        assertEquals(next.getAgentId(), nomic.agents().attach(next.getToken()).await(forever()).getAgent().getId());
        assertEquals(nomic.agents().conversation(run.getAgentId()), run.conversation());
        assertEquals(table, nomic.agents().artifact(run.getAgentId(), table.getId()));
        nomic.agents().delete(run.getAgentId());
        assertThrows(NotFoundException.class, run::refresh);
    }

    @Test
    void manyRunsAreWaitedForAtOnce() {
        List<BlockingRun> runs = List.of(nomic.agents().launch("Look"), nomic.agents().launch("Look again"));
        var outcomes = nomic.waitAll(runs);
        assertEquals(runs.get(1).getAgentId(), outcomes.get(1).getRun().getAgentId());
        assertTrue(outcomes.stream().allMatch(BlockingOutcome::isOk));
        assertEquals(runs.get(0).await(), outcomes.get(0).getResult());
        assertEquals(2, nomic.asCompleted(runs, Duration.ofMinutes(1)).stream().count());
        // Not as it was launched: one that is missed may only be new.
        var attached = runs.stream().map(run -> nomic.agents().attach(run.getToken())).toList();
        nomic.agents().delete(runs.get(0).getAgentId());
        for (var outcome : nomic.asCompleted(attached)) {
            assertEquals(outcome.isOk(), outcome.getError() == null, outcome.toString());
            assertEquals(!outcome.isOk(), outcome.getError() instanceof NotFoundException);
        }
        assertThrows(InvalidInputException.class, () -> nomic.waitAll(runs, Duration.ZERO));
    }

    @Test
    void aLoopThatIsLeftClosesWhatIsInFlight() {
        List<BlockingRun> runs = List.of(nomic.agents().launch("Look"), nomic.agents().launch("Look again"));
        nomic.waitAll(runs);
        var stall = emulator.fault("GET /agents/{id}/conversation", "stall");
        try (var completed = nomic.asCompleted(runs)) {
            for (var outcome : completed) {
                assertTrue(outcome.isOk());
                break;
            }
        }
        while (emulator.faultReport(stall).getCompleted() == 0) Thread.onSpinWait();
    }

    @Test
    void closingEndsWhoWaitsInAnotherThread() throws Exception {
        var run = nomic.agents().launch("Look");
        run.await();
        var stall = emulator.fault("GET /agents/{id}/conversation", "stall");
        var completed = nomic.asCompleted(List.of(run));
        var waiting = CompletableFuture.supplyAsync(() -> completed.iterator().hasNext());
        while (emulator.faultReport(stall).getHits() == 0) Thread.onSpinWait();
        completed.close();
        assertFalse(waiting.get(30, TimeUnit.SECONDS));
        while (emulator.faultReport(stall).getCompleted() == 0) Thread.onSpinWait();
    }

    @Test
    void whatIsClosedHasNothingMoreAndEndsNothingElse() {
        List<BlockingRun> runs = List.of(nomic.agents().launch("Look"), nomic.agents().launch("Look again"));
        nomic.waitAll(runs);
        var completed = nomic.asCompleted(runs);
        var other = completed.iterator();
        other.next();
        try (var stream = completed.stream()) {
            assertTrue(stream.findFirst().isPresent());
        }
        assertTrue(other.next().isOk());
        var left = completed.iterator();
        left.next();
        completed.close();
        assertFalse(left.hasNext());
    }

    @Test
    void afterAnErrorThereIsNothingMore() {
        emulator.timing(Duration.ZERO, Duration.ofSeconds(60), null);
        var updates = nomic.agents().launch("Look").updates(Duration.ofMillis(300)).iterator();
        assertThrows(WaitTimeoutException.class, () -> updates.forEachRemaining(agent -> {}));
        assertFalse(updates.hasNext());
    }

    @Test
    void anAgentIsAskedAgainWhateverBecameOfIt() {
        var run = nomic.agents().launch("Look");
        run.await();
        var next = nomic.agents().resume(run.getToken(), "And the roof?");
        next.await();
        assertEquals(List.of(2, false), List.of(next.getTurn(), next.isRecovered()));
        assertTrue(next.explain().contains(run.getAgentId()), next.explain());
        nomic.agents().delete(run.getAgentId());
        var options = new Resume("And the roof?").interrupt().ifMissing(IfMissing.Launch).timeout(Duration.ofMinutes(1));
        assertNotEquals(run.getAgentId(), nomic.agents().resume(run.getAgentId(), options).getAgentId());
    }

    @Test
    void whatAClientDoesIsTold() throws Exception {
        var heard = new LinkedBlockingQueue<Event>();
        var builder = BlockingNomic.builder().baseUrl(emulator.getUrl()).apiKey(emulator.getApiKey());
        try (var told = builder.onEvent(heard::add).build()) {
            told.agents().list().first(1);
            var event = heard.poll(30, TimeUnit.SECONDS);
            assertEquals("agents.list", event.getOperation());
            assertEquals(200, event.getStatus());
            assertEquals(EventKind.Answered.INSTANCE, event.getKind());
        }
    }

    private static Duration forever() {
        return ChronoUnit.FOREVER.getDuration();
    }

    @Test
    void filesAreUploadedAndFound() {
        var options = new Upload().path("alpha/reports/doors.pdf").timeout(Duration.ofMinutes(1));
        var file = nomic.files().upload(Source.file(REPORT), options);
        var hits = nomic.files().search("doors");
        assertEquals("alpha/reports/doors.pdf", hits.iterator().next().getPath());
        var outcomes = nomic.files().uploadFolder(Path.of("../examples"), new UploadFolder().pattern("*.pdf"));
        assertEquals(1, outcomes.size());
        assertTrue(nomic.ask("Look", Source.uploaded(file)).getText().length() > 0);
    }

    @Test
    void workflowsTakeFilesInTheirSlots() {
        var id = emulator.workflow("Review", "Summarises.", new RequestedFile("notes", "Any", false, false, Map.of()));
        var workflow = nomic.workflows().list().stream().filter(found -> found.getId().equals(id)).findFirst();
        var slot = workflow.orElseThrow().getRequestedFiles().get(0).getName();
        var run = nomic.agents().launch(new Launch().workflowId(id).input(slot, Source.file(REPORT)));
        assertEquals(id, run.await().getAgent().getWorkflowId());
    }

    @Test
    void listsReadNoPageThatNobodyNeeds() {
        for (int at = 0; at < 3; at++) nomic.agents().launch("Look");
        var list = nomic.agents().list(new AgentList().pageSize(1).withoutWorkflow());
        assertEquals(0, requests("GET /agents"));
        assertTrue(list.stream().findFirst().isPresent());
        assertEquals(1, requests("GET /agents"));
        for (var agent : list) {
            assertEquals(36, agent.getId().length());
            break;
        }
        assertEquals(2, requests("GET /agents"));
        assertEquals(3, list.stream().count());
        assertEquals(2, list.first(2).size());
        assertEquals(1, list.pages().iterator().next().getItems().size());
        assertEquals(0, nomic.agents().list(new AgentList().status(AgentStatus.Failed.INSTANCE)).first(1).size());
    }

    @Test
    void errorsAreCaughtByClassAndLeadToTheCaller() {
        var missing = assertThrows(NotFoundException.class, () -> nomic.agents().get(NOBODY));
        assertEquals(404, missing.getStatus());
        assertEquals("not_found", missing.getCode());
        assertTrue(List.of(missing.getStackTrace()).toString().contains("BlockingTest.java"), missing.toString());
        var wrong = assertThrows(InvalidInputException.class, () -> nomic.agents().list(new AgentList().pageSize(0)));
        assertEquals("pageSize", wrong.getArgument());
        emulator.timing(Duration.ZERO, Duration.ofMinutes(1), Duration.ZERO);
        var run = nomic.agents().launch("Look");
        var late = assertThrows(WaitTimeoutException.class, () -> run.await(Duration.ofMillis(50)));
        assertEquals(run.getToken(), late.getToken());
        assertEquals(AgentStatus.Stopped.INSTANCE, run.stop(true).getStatus());
        assertThrows(InvalidInputException.class, () -> run.await(Duration.ofSeconds(-1)));
    }

    @Test
    void timesInErrorsAreThoseOfJava() {
        var answer = Map.of("status", 429, "headers", Map.of("Retry-After", "7"));
        emulator.fault("GET /agents/{id}", "status", answer);
        var builder = BlockingNomic.builder().baseUrl(emulator.getUrl()).apiKey(emulator.getApiKey()).retries(0);
        try (var impatient = builder.build()) {
            var limited = assertThrows(RateLimitException.class, () -> impatient.agents().get(NOBODY));
            assertEquals(Duration.ofSeconds(7), Errors.retryAfter(limited));
            assertTrue(Errors.elapsed(limited).toNanos() > 0);
        }
    }

    @Test
    void anInterruptGivesTheCallUp() throws Exception {
        var run = nomic.agents().launch("Look");
        var fault = emulator.fault("GET /agents/{id}", "stall");
        var ended = new AtomicReference<Throwable>();
        var stillInterrupted = new AtomicReference<Boolean>();
        var waiting = new Thread(() -> {
            try {
                run.await();
            } catch (CancellationException given) {
                ended.set(given);
                stillInterrupted.set(Thread.currentThread().isInterrupted());
            }
        });
        waiting.start();
        while (emulator.faultReport(fault).getHits() == 0) Thread.onSpinWait();
        waiting.interrupt();
        waiting.join(30_000);
        assertInstanceOf(InterruptedException.class, ended.get().getCause());
        assertEquals(true, stillInterrupted.get());
        // What is endless is felt to its end when the client turns away: its connection is closed.
        while (emulator.faultReport(fault).getCompleted() == 0) Thread.onSpinWait();
        assertEquals(0, requests("POST /agents/{id}/stop"));
        assertEquals(AgentStatus.Finished.INSTANCE, run.await().getAgent().getStatus());
    }

    @Test
    void aThreadThatIsInterruptedSendsNothing() {
        Thread.currentThread().interrupt();
        assertThrows(CancellationException.class, () -> nomic.agents().launch("Look"));
        assertTrue(Thread.interrupted());
        assertEquals(0, requests("POST /agents"));
    }

    @Test
    void controlsAreThereToo() {
        assertTrue(emulator.advance(Duration.ofHours(1)).isAfter(java.time.Instant.now().plusSeconds(3500)));
        var id = emulator.fault("GET /agents/{id}", "status", Map.of("status", 503, "times", 5));
        assertThrows(dev.nomkit.NomkitException.class, () -> nomic.agents().get(NOBODY));
        assertTrue(emulator.faultReport(id).getHits() > 0);
        emulator.clearFaults();
        emulator.spend(0);
        assertThrows(dev.nomkit.SpendLimitException.class, () -> nomic.agents().launch("Look"));
        var limited = BlockingNomic.builder().baseUrl(emulator.getUrl()).apiKey(emulator.key("developer:files")).build();
        assertThrows(dev.nomkit.PermissionDeniedException.class, () -> limited.agents().get(NOBODY));
    }
}
