import Testing

@testable import ControlPlane

@Suite struct TurnsTests {
    @Test func `writings are done one after the other`() async {
        let turns = Turns()
        let (steps, step) = AsyncStream.makeStream(of: Int.self)
        await withTaskGroup { group in
            for _ in 0..<20 {
                group.addTask {
                    await turns.take {
                        step.yield(1)
                        await Task.yield()
                        step.yield(-1)
                    }
                }
            }
        }
        step.finish()
        var open = 0
        var most = 0
        for await change in steps {
            open += change
            most = max(most, open)
        }
        #expect(most == 1 && open == 0)
    }
}
