/**
 * What the stream tells: see phonegame/board/shown.py.
 *
 * @typedef {{
 *   id: string, direction?: "outgoing", caller?: string, began: number, phase?: string, doing: string, game?: string,
 *   character?: string, is_recorded?: boolean, ended?: number, why?: string, problem?: string,
 * }} Call
 * @typedef {{
 *   id: number, at: number, by: string, text: string, is_open?: boolean, is_cut?: boolean, unheard?: string,
 *   waited_ms?: number, stages_ms?: Record<string, number>,
 * }} Line
 * @typedef {{ code: string, protocol: string, is_away?: boolean }} Game
 * @typedef {{
 *   now: number, whole?: boolean, calls?: Call[], gone?: string[], games?: Game[],
 *   line?: { call: string, first: number, entries: Line[] },
 * }} Change
 */
export {};
