import Identity
import Testing

@Suite struct ThrottleTests {
    private let now: SecondsSince1970 = 1_790_000_000

    @Test func `five failures are free, and then the wait doubles from a second to a quarter of an hour`() {
        let throttle = Throttle()
        var time = now
        for _ in 0..<5 { #expect(throttle.begin("ada", at: time) == 0) }
        var waits: [Int64] = []
        for _ in 0..<13 {
            #expect(throttle.begin("ada", at: time) == 0)
            let wait = throttle.waitSeconds("ada", at: time)
            waits.append(wait)
            time += wait
        }
        #expect(waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900])
    }

    @Test func `an attempt during a wait is refused, told how long, and not counted`() {
        let throttle = Throttle()
        fail(throttle, "ada", times: 8, lastAt: now)
        #expect(throttle.waitSeconds("ada", at: now + 1) == 3)
        #expect(throttle.begin("ada", at: now + 1) == 3)
        #expect(throttle.begin("ada", at: now + 3) == 1)
        #expect(throttle.begin("ada", at: now + 4) == 0)
    }

    @Test func `attempts at once gain nothing`() async {
        let throttle = Throttle()
        let now = now
        let begun = await withTaskGroup(of: Int64.self) { group in
            for _ in 0..<100 { group.addTask { throttle.begin("ada", at: now) } }
            return await group.reduce(into: 0) { $0 += $1 == 0 ? 1 : 0 }
        }
        #expect(begun == 6)
    }

    @Test func `success clears, of that key alone`() {
        let throttle = Throttle()
        for _ in 0..<6 {
            _ = throttle.begin("ada", at: now)
            _ = throttle.begin("eve", at: now)
        }
        throttle.succeeded("ada")
        #expect(throttle.waitSeconds("ada", at: now) == 0)
        #expect(throttle.waitSeconds("eve", at: now) == 1)
        for _ in 0..<6 { #expect(throttle.begin("ada", at: now) == 0) }
        #expect(throttle.begin("ada", at: now) == 1)
    }

    @Test func `a failure is forgotten every quarter of an hour`() {
        let throttle = Throttle()
        fail(throttle, "ada", times: 7, lastAt: now)
        let later = now + 2 * 900
        #expect(throttle.begin("ada", at: later) == 0)
        #expect(throttle.waitSeconds("ada", at: later) == 1, "of seven failures five were left, and this is the sixth")
        let muchLater = later + 6 * 900
        for _ in 0..<6 { #expect(throttle.begin("ada", at: muchLater) == 0) }
        #expect(throttle.waitSeconds("ada", at: muchLater) == 1)
    }

    @Test func `a clock that is set back makes no wait longer`() {
        let throttle = Throttle()
        fail(throttle, "ada", times: 8, lastAt: now)
        #expect(throttle.waitSeconds("ada", at: now - 1_000_000) == 4)
    }

    @Test func `of too many keys the one counted longest ago goes first`() {
        let throttle = Throttle(capacity: 3)
        for name in ["a", "b", "c"] { for _ in 0..<6 { _ = throttle.begin(name, at: now) } }
        #expect(throttle.begin("a", at: now + 1) == 0)
        _ = throttle.begin("d", at: now + 2)
        #expect(throttle.keyCount == 3)
        #expect(throttle.waitSeconds("a", at: now + 2) == 1)
        #expect(throttle.waitSeconds("b", at: now) == 0, "b was the oldest")
        #expect(throttle.waitSeconds("c", at: now) == 1)
    }

    @Test func `a flood of names takes bounded memory`() {
        let throttle = Throttle()
        for number in 0..<50_000 { _ = throttle.begin("name-\(number)", at: now) }
        #expect(throttle.keyCount == 10_000)
        for _ in 0..<50_000 {
            _ = throttle.begin("ada", at: now)
            throttle.succeeded("ada")
        }
        #expect(throttle.keyCount <= 10_000)
        let long = String(repeating: "x", count: 100_000)
        for _ in 0..<6 { _ = throttle.begin(long, at: now) }
        #expect(throttle.waitSeconds(String(long.prefix(256)), at: now) == 1)
    }

    /// Fails as often, each time as soon as that may be done, the last time at that moment.
    private func fail(_ throttle: Throttle, _ key: String, times: Int, lastAt: SecondsSince1970) {
        var time = lastAt - (times > 6 ? (1 << Int64(times - 6)) - 1 : 0)
        for _ in 0..<times {
            time += throttle.waitSeconds(key, at: time)
            #expect(throttle.begin(key, at: time) == 0)
        }
        #expect(time == lastAt)
    }
}

extension ThrottleTests {
    @Test func `an attempt that is taken back leaves the failures before it`() {
        let throttle = Throttle()
        for _ in 0..<5 { #expect(throttle.begin("address", at: 0) == 0) }
        #expect(throttle.begin("address", at: 0) == 0)
        throttle.takeBack("address")
        #expect(throttle.begin("address", at: 0) == 0)
        #expect(throttle.begin("address", at: 0) > 0)
    }
}
