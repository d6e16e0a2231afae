import Foundation
import TaskModel
import Testing

@testable import AcodeCommands

@Suite("The story of a task")
struct TaskStoryTests {
    @Test(
        arguments: [
            (Sample.ended(.complete, .succeeded, code: 0), "It succeeded after 3.0s."),
            (
                Sample.ended(
                    .error, .oomKilled, code: 137, reason: "the kernel killed it at the memory limit of 64 MiB"),
                "It failed: the kernel killed it at the memory limit of 64 MiB."
            ),
            (Sample.ended(.error, nil, code: nil), "It failed: no reason is recorded."),
            (
                Sample.ended(.cancelled, .cancelled, code: nil, reason: "cancelled: on request."),
                "It was cancelled: on request."
            ),
            (Sample.task(), "It has waited for 1m for a free worker in the queue default."),
            (
                Sample.task {
                    $0.spec.isolation = .container
                    $0.attempt = 1
                    $0.reason = "the worker was lost"
                },
                "It has waited for 1m for a free worker that offers containers in the queue default. "
                    + "Attempt 1 ended: the worker was lost."
            ),
            (
                Sample.task {
                    $0.state = .pending
                    $0.runAt = Sample.created + 90
                }, "It is delayed and due in 30s."
            ),
            (
                Sample.task {
                    $0.state = .pending
                    $0.attempt = 2
                    $0.reason = "exited with code 1"
                }, "It is tried again now, because attempt 2 ended: exited with code 1."
            ),
            (
                Sample.task {
                    $0.state = .inProgress
                    $0.attempt = 1
                    $0.startedAt = Sample.created + 50
                    $0.worker = WorkerID(rawValue: "abc")
                    $0.progress = 40
                    $0.cancelRequested = true
                }, "Attempt 1 has run for 10s on worker abc, 40 % done. Somebody asked it to stop."
            ),
            (
                Sample.task {
                    $0.state = .inProgress
                    $0.attempt = 1
                }, "A supervisor has taken it and prepares attempt 1."
            ),
        ] as [(QueuedTask, String)])
    func eachStateHasItsAnswer(task: QueuedTask, story: String) {
        #expect(TaskStory.tell(task, now: Sample.created + 60) == story)
    }
}
